# METADATA
# title: Many identifiers in one answer
# description: >-
#   Reports an answer that puts many different identifiers of a person side by side in clear. Each may be harmless by
#   itself; together they are a file on a person. In monitor mode: it is reported and does not decide.
# related_resources:
#   - ref: "GB/T 43697-2024, 6.5"
#     description: data that are combined may reach a higher grade
#   - ref: "JR/T 0171-2020, 4.2"
#     description: two or more items together may belong to a higher class
# custom:
#   severity: medium
#   mode: monitor
package guard.output.many_identifiers

import data.guard.lib.labels

deny contains reason if {
	count(kinds) >= data.config.watch.identifiers
	reason := {
		"message": sprintf("%d kinds of identifiers stand side by side in clear", [count(kinds)]),
		"help": "ask for the identifiers that the purpose needs",
		"label_sets": sort({entry.label_set | some entry in exposed}),
	}
}

kinds contains entry.kind if some entry in exposed

# Identifiers in the output that no mask covers. A list and not a set: nothing asks for membership.
exposed := [{"label_set": set.id, "kind": label.kind} |
	some set in input.label_sets
	"output" in set.uses
	some label in set.labels
	label.category in data.config.watch.categories
	label.state in data.config.masking.states
	not labels.is_veiled(label)
]
