package guard.access.unknown_role_test

import data.guard.access.unknown_role as rule

asking(roles) := {"subject": {"roles": roles}}

gap := {
	"message": "none of the subject's roles is known to the rules",
	"help": "check the roles that were sent, or give one of them a grant in config/grants/data.yaml",
	"gap": "unknown_subject",
}

test_no_role_at_all if {
	rule.deny == {gap} with data.config.grants as {"doctor": {}}
		with input as asking([])
}

test_only_unknown_roles if {
	rule.deny == {gap} with data.config.grants as {"doctor": {}}
		with input as asking(["porter"])
}

test_one_known_role_is_enough if {
	rule.deny == set() with data.config.grants as {"doctor": {}}
		with input as asking(["porter", "doctor"])
}
