package guard.access.role_for_purpose_test

import data.guard.access.role_for_purpose as rule

table := {"doctor": {"treatment": {"reach": 4, "clear": 4}}}

query(purpose, level) := {
	"subject": {"roles": ["doctor"]},
	"action": "select",
	"purpose": purpose,
	"label_sets": [{"id": "0", "labels": [{"kind": "cn.resident_id", "level": level, "state": "raw"}]}],
}

test_granted_up_to_the_reach if {
	rule.allow == {{"message": "role doctor may query for treatment up to level 4"}} with data.config.grants as table
		with input as query("treatment", 4)
}

test_above_the_reach if {
	rule.allow == set() with data.config.grants as table
		with input as query("treatment", 5)
}

test_another_purpose if {
	rule.allow == set() with data.config.grants as table
		with input as query("marketing", 1)
}

test_another_role if {
	rule.allow == set() with data.config.grants as table
		with input as object.union(query("treatment", 1), {"subject": {"roles": ["porter"]}})
}

test_another_action if {
	rule.allow == set() with data.config.grants as table
		with input as object.union(query("treatment", 1), {"action": "insert"})
}
