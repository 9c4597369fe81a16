# METADATA
# title: Columns that nobody has looked at
# description: >-
#   Denies a query that touches a column without a classification. Not looked at is not the same as clean.
# related_resources:
#   - ref: "DSL art. 21"
#     description: data are protected by class and grade, so they need one
# custom:
#   severity: high
#   mode: enforce
package guard.access.unclassified_column

deny contains reason if {
	unknown := [set.id | some set in input.label_sets; not set.classified]
	count(unknown) > 0
	reason := {
		"message": "these columns have not been classified",
		"help": "run `guard scan` on the source, then ask again",
		"label_sets": unknown,
	}
}
