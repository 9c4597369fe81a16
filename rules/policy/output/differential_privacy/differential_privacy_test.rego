package guard.output.differential_privacy_test

import data.guard.output.differential_privacy as rule

table := {
	"researcher": {"statistics": {"reach": 4, "clear": 4, "dp": {"epsilon": "1", "delta": "1e-6"}}},
	"planner": {"statistics": {"reach": 4, "clear": 4, "dp": {"epsilon": "0.5"}}},
	"doctor": {"statistics": {"reach": 4, "clear": 4}},
}

asking(roles) := {"subject": {"roles": roles}, "purpose": "statistics"}

test_the_noise_of_the_grant if {
	rule.limit == {{"type": "differential_privacy", "epsilon": "1", "delta": "1e-6"}}
		with data.config.grants as table
		with input as asking(["researcher"])
}

test_every_grant_that_is_held_limits if {
	count(rule.limit) == 2 with data.config.grants as table
		with input as asking(["researcher", "planner"])
}

test_no_noise_where_the_grant_names_none if {
	rule.limit == set() with data.config.grants as table
		with input as asking(["doctor"])
}
