# METADATA
# title: Rows of those who consented
# description: >-
#   Filters a configured table to the rows whose person consented to the stated purpose, by a table of consents in the
#   same source. The pack configures no table.
# related_resources:
#   - ref: "PIPL art. 13(1)"
#     description: consent as a ground for handling personal information
#   - ref: "GDPR art. 6(1)(a)"
#     description: consent to one or more specific purposes
# custom:
#   severity: high
#   mode: enforce
package guard.rows.by_consent

import data.guard.lib.tables

row_filter contains filter if {
	some table in input.tables
	some configured, by in data.config.consents.tables
	tables.named(table.name, configured)
	input.purpose in by.purposes
	filter := {
		"table": table.name,
		"predicate": {
			"op": "in_table",
			"column": by.column,
			"table": by.consents,
			"select": by.person,
			"where": {"op": "compare", "column": by.purpose, "cmp": "eq", "value": input.purpose},
		},
	}
}
