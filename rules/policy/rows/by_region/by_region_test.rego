package guard.rows.by_region_test

import data.guard.rows.by_region as rule

config := {
	"grants": {
		"clerk": {"service": {"reach": 3, "clear": 1}},
		"analyst": {"service": {"reach": 3, "clear": 1, "rows": "all"}},
	},
	"rows": {"tables": {"residents": {"column": "district", "attribute": "districts"}}},
}

query(role, attributes, table) := {
	"subject": {"roles": [role], "attributes": attributes},
	"purpose": "service",
	"tables": [{"name": table}],
}

filter(table, values) := {{
	"table": table,
	"predicate": {"op": "in", "column": "district", "values": values},
}}

test_own_districts if {
	rule.row_filter == filter("public.residents", ["Pudong", "Xuhui"]) with data.config as config
		with input as query("clerk", {"districts": ["Pudong", "Xuhui"]}, "public.residents")
}

test_one_value_is_a_list_of_one if {
	rule.row_filter == filter("residents", ["Pudong"]) with data.config as config
		with input as query("clerk", {"districts": "Pudong"}, "residents")
}

test_no_attribute_no_rows if {
	rule.row_filter == filter("main.residents", []) with data.config as config
		with input as query("clerk", {}, "main.residents")
}

test_all_rows_where_the_grant_says_so if {
	rule.row_filter == set() with data.config as config
		with input as query("analyst", {}, "main.residents")
}

test_other_tables_are_left_alone if {
	rule.row_filter == set() with data.config as config
		with input as query("clerk", {}, "main.cards")
}
