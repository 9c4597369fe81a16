# METADATA
# title: Columns above the reach of the grant
# description: >-
#   Denies a query that touches a column whose level is above what any grant of the subject reaches for this purpose,
#   and names the columns. Without this rule the answer would only be that nothing allowed it.
# related_resources:
#   - ref: "PIPL art. 28"
#     description: sensitive personal information needs a specific purpose and sufficient necessity
# custom:
#   severity: high
#   mode: enforce
package guard.access.beyond_reach

import data.guard.lib.grants
import data.guard.lib.labels

deny contains reason if {
	labels.highest > grants.reach
	beyond := [set.id | some set in input.label_sets; above(set)]
	count(beyond) > 0
	reason := {
		"message": sprintf("purpose %s reaches level %d, and these columns are above it", [input.purpose, grants.reach]),
		"help": "leave the columns out, or ask for a grant with a higher reach",
		"label_sets": beyond,
	}
}

above(set) if {
	some label in set.labels
	label.level > grants.reach
}
