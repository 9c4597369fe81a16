package guard.access.write_for_purpose_test

import data.guard.access.write_for_purpose as rule

grant := {"actions": ["insert", "update"], "tables": ["public.visits", "draft.*"], "reach": 3}

table := {"clerk": {"service": grant}}

reads := {"clerk": {"service": {"reach": 3, "clear": 2}, "audit": {"reach": 3, "clear": 2}}}

ask(role, purpose, action, name, level) := {
	"subject": {"roles": [role]},
	"action": action,
	"purpose": purpose,
	"write": {"table": name},
	"label_sets": [{"id": "0", "labels": [{"kind": "cn.mobile", "level": level, "state": "raw"}]}],
}

test_granted if {
	rule.allow == {{"message": "role clerk may update public.visits for service"}}
		with data.config.writes as table with data.config.grants as reads
		with input as ask("clerk", "service", "update", "public.visits", 3)
}

test_granted_by_pattern if {
	count(rule.allow) == 1 with data.config.writes as table with data.config.grants as reads
		with input as ask("clerk", "service", "insert", "draft.notes", 1)
}

test_an_upsert_needs_its_own_word if {
	rule.allow == set() with data.config.writes as table with data.config.grants as reads
		with input as ask("clerk", "service", "upsert", "public.visits", 3)
}

test_a_merge_needs_its_own_word if {
	rule.allow == set() with data.config.writes as table with data.config.grants as reads
		with input as ask("clerk", "service", "merge", "public.visits", 3)
}

merging := {"clerk": {"service": {"actions": ["merge", "upsert"], "tables": ["public.*"], "reach": 3}}}

test_a_merge_is_granted_by_its_name if {
	count(rule.allow) == 1 with data.config.writes as merging with data.config.grants as reads
		with input as ask("clerk", "service", "merge", "public.visits", 3)
}

test_another_action if {
	rule.allow == set() with data.config.writes as table with data.config.grants as reads
		with input as ask("clerk", "service", "delete", "public.visits", 3)
}

test_reading_is_no_write if {
	rule.allow == set() with data.config.writes as table with data.config.grants as reads
		with input as ask("clerk", "service", "select", "public.visits", 3)
}

test_another_table if {
	rule.allow == set() with data.config.writes as table with data.config.grants as reads
		with input as ask("clerk", "service", "update", "public.residents", 3)
}

test_another_purpose if {
	rule.allow == set() with data.config.writes as table with data.config.grants as reads
		with input as ask("clerk", "audit", "update", "public.visits", 3)
}

test_another_role if {
	rule.allow == set() with data.config.writes as table with data.config.grants as reads
		with input as ask("analyst", "service", "update", "public.visits", 3)
}

test_beyond_reach if {
	rule.allow == set() with data.config.writes as table with data.config.grants as reads
		with input as ask("clerk", "service", "update", "public.visits", 4)
}

test_only_for_those_who_may_query if {
	rule.allow == set() with data.config.writes as table with data.config.grants as {}
		with input as ask("clerk", "service", "update", "public.visits", 3)
}

test_nobody_by_default if {
	rule.allow == set() with input as ask("clerk", "service", "update", "public.visits", 1)
}
