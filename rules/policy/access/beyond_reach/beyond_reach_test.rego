package guard.access.beyond_reach_test

import data.guard.access.beyond_reach as rule

table := {"analyst": {"statistics": {"reach": 2, "clear": 2}}}

query(levels) := {
	"subject": {"roles": ["analyst"]},
	"purpose": "statistics",
	"label_sets": labelled(levels),
}

labelled(levels) := [set_of(i, level) | some i; level := levels[i]]

set_of(i, level) := {"id": sprintf("%d", [i]), "labels": [{"kind": "k", "level": level, "state": "raw"}]}

test_names_the_columns_above if {
	rule.deny == {{
		"message": "purpose statistics reaches level 2, and these columns are above it",
		"help": "leave the columns out, or ask for a grant with a higher reach",
		"label_sets": ["1", "2"],
	}} with data.config.grants as table
		with input as query([2, 3, 4])
}

test_quiet_within_the_reach if {
	rule.deny == set() with data.config.grants as table
		with input as query([1, 2])
}

test_quiet_without_a_grant if {
	rule.deny == set() with data.config.grants as {}
		with input as query([5])
}
