# METADATA
# title: No more rows than the purpose needs
# description: Limits how many rows one answer may hold, by purpose, so that a query is no way to carry off a table.
# related_resources:
#   - ref: "PIPL art. 6"
#     description: limited to the smallest scope that serves the purpose
# custom:
#   severity: medium
#   mode: enforce
package guard.output.max_rows

limit contains {"type": "max_rows", "rows": rows} if rows := data.config.purposes[input.purpose].max_rows
