# Table names of the configuration: bare (`residents`) or with a schema (`public.residents`).
package guard.lib.tables

# True when the query's table is the one that the configuration means.
named(table, configured) if table == configured

named(table, configured) if endswith(table, concat("", [".", configured]))
