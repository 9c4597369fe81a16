package guard.rows.by_consent_test

import data.guard.rows.by_consent as rule

config := {"tables": {"residents": {
	"column": "id",
	"consents": "consents",
	"person": "resident_id",
	"purpose": "purpose",
	"purposes": ["research"],
}}}

ask(table, purpose) := {"tables": [{"name": table}], "purpose": purpose}

test_only_who_consented if {
	rule.row_filter == {{
		"table": "public.residents",
		"predicate": {
			"op": "in_table",
			"column": "id",
			"table": "consents",
			"select": "resident_id",
			"where": {"op": "compare", "column": "purpose", "cmp": "eq", "value": "research"},
		},
	}} with data.config.consents as config
		with input as ask("public.residents", "research")
}

test_another_purpose_needs_none if {
	rule.row_filter == set() with data.config.consents as config
		with input as ask("public.residents", "treatment")
}

test_another_table if {
	rule.row_filter == set() with data.config.consents as config
		with input as ask("public.calls", "research")
}

test_no_table_by_default if {
	rule.row_filter == set() with input as ask("residents", "research")
}
