package guard.output.statistics_only_test

import data.guard.output.statistics_only as rule

table := {
	"analyst": {"statistics": {"reach": 3, "clear": 2, "minimum_group": 10}},
	"doctor": {"statistics": {"reach": 3, "clear": 2, "minimum_group": 5}, "treatment": {"reach": 4, "clear": 4}},
}

asking(roles, purpose) := {"subject": {"roles": roles}, "purpose": purpose}

test_the_group_of_the_grant if {
	rule.limit == {{"type": "minimum_group", "size": 10}} with data.config.grants as table
		with input as asking(["analyst"], "statistics")
}

test_every_grant_that_is_held_limits if {
	rule.limit == {{"type": "minimum_group", "size": 5}, {"type": "minimum_group", "size": 10}}
		with data.config.grants as table
		with input as asking(["analyst", "doctor"], "statistics")
}

test_no_limit_where_the_grant_names_none if {
	rule.limit == set() with data.config.grants as table
		with input as asking(["doctor"], "treatment")
}
