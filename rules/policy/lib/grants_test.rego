package guard.lib.grants_test

import data.guard.lib.grants

table := {
	"clerk": {"service": {"reach": 3, "clear": 1, "show": ["phone"]}},
	"lead": {"service": {"reach": 4, "clear": 2, "rows": "all"}},
}

asking(roles, purpose) := {"subject": {"roles": roles}, "purpose": purpose}

test_a_role_holds_its_grant_for_the_purpose if {
	grants.held == {"clerk": table.clerk.service} with data.config.grants as table
		with input as asking(["clerk", "stranger"], "service")
}

test_no_grant_for_another_purpose if {
	grants.held == {} with data.config.grants as table
		with input as asking(["clerk"], "audit")
}

test_reach_is_undefined_without_a_grant if {
	not grants.reach with data.config.grants as table
		with input as asking(["clerk"], "audit")
}

test_the_widest_grant_counts if {
	[grants.reach, grants.clear, grants.shown] == [4, 2, {"phone"}] with data.config.grants as table
		with input as asking(["clerk", "lead"], "service")
}

test_own_rows_unless_the_grant_says_all if {
	not grants.all_rows with data.config.grants as table
		with input as asking(["clerk"], "service")
}

test_all_rows_when_one_grant_says_so if {
	grants.all_rows with data.config.grants as table
		with input as asking(["clerk", "lead"], "service")
}
