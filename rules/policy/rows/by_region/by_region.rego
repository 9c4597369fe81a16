# METADATA
# title: Rows of one's own region
# description: >-
#   Filters a configured table to the rows whose column holds one of the values of a subject attribute, unless a grant
#   says that the role sees all rows. A subject without the attribute sees no rows of the table.
# related_resources:
#   - ref: "PIPL art. 6"
#     description: limited to the smallest scope that serves the purpose
# custom:
#   severity: high
#   mode: enforce
package guard.rows.by_region

import data.guard.lib.grants
import data.guard.lib.tables

row_filter contains filter if {
	not grants.all_rows
	some table in input.tables
	some configured, by in data.config.rows.tables
	tables.named(table.name, configured)
	filter := {
		"table": table.name,
		"predicate": {"op": "in", "column": by.column, "values": listed(by.attribute)},
	}
}

# The attribute as a list; a missing one is the empty list, which passes no row.
listed(attribute) := value if {
	value := object.get(input.subject.attributes, attribute, [])
	is_array(value)
}

listed(attribute) := [value] if {
	value := object.get(input.subject.attributes, attribute, [])
	not is_array(value)
}
