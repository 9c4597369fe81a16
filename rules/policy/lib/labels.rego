# What the query's columns hold, and which of it the subject may not see as it is.
package guard.lib.labels

import data.guard.lib.grants

# The highest level among all columns; 0 when nothing sensitive is touched.
highest := max({0} | {label.level | some set in input.label_sets; some label in set.labels})

# The kinds and the categories among all columns: few, however many columns there are. Rules that look for one of them
# ask here first, and look for the columns only when there is something to find.
kinds contains label.kind if {
	some set in input.label_sets
	some label in set.labels
}

categories contains label.category if {
	some set in input.label_sets
	some label in set.labels
}

# Labels above what the grants show, each with the id of its label set. Both masking rules start from here. A list
# and not a set: nothing asks for membership, and a list costs no hashing.
veiled := [{"label_set": set.id, "label": label} |
	some set in input.label_sets
	some label in set.labels
	is_veiled(label)
]

# True when the subject may not see values with this label as they are.
is_veiled(label) if {
	label.level > grants.clear
	label.state in data.config.masking.states
	not label.kind in grants.shown
}
