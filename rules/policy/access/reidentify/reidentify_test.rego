package guard.access.reidentify_test

import data.guard.access.reidentify as rule

table := {"dpo": {"subject_request": {"key_purposes": ["research"], "transforms": ["siv", "ff1"], "reach": 3}}}

ask(role, purpose, what, level) := {
	"subject": {"roles": [role]},
	"action": "reidentify",
	"purpose": purpose,
	"reidentify": what,
	"label_sets": [{"id": "0", "labels": [{"kind": "cn.resident_id", "level": level, "state": "raw"}]}],
}

tokens := {"transform": "siv", "key_purpose": "research", "values": 10}

test_granted if {
	rule.allow == {{"message": "role dpo may turn siv of the purpose research back for subject_request"}}
		with data.config.reidentify as table
		with input as ask("dpo", "subject_request", tokens, 3)
}

test_another_role if {
	rule.allow == set() with data.config.reidentify as table
		with input as ask("analyst", "subject_request", tokens, 3)
}

test_another_purpose if {
	rule.allow == set() with data.config.reidentify as table
		with input as ask("dpo", "statistics", tokens, 3)
}

test_pseudonyms_of_another_purpose if {
	rule.allow == set() with data.config.reidentify as table
		with input as ask("dpo", "subject_request", object.union(tokens, {"key_purpose": "marketing"}), 3)
}

test_another_transform if {
	rule.allow == set() with data.config.reidentify as table
		with input as ask("dpo", "subject_request", object.union(tokens, {"transform": "gcm"}), 3)
}

test_above_the_reach if {
	rule.allow == set() with data.config.reidentify as table
		with input as ask("dpo", "subject_request", tokens, 4)
}

test_a_query_is_another_action if {
	rule.allow == set() with data.config.reidentify as table
		with input as object.union(ask("dpo", "subject_request", tokens, 3), {"action": "select"})
}

test_the_empty_table_grants_nothing if {
	rule.allow == set() with data.config.reidentify as {}
		with input as ask("dpo", "subject_request", tokens, 3)
}
