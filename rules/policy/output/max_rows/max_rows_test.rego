package guard.output.max_rows_test

import data.guard.output.max_rows as rule

register := {"service": {"max_rows": 100}, "audit": {}}

test_the_rows_of_the_purpose if {
	rule.limit == {{"type": "max_rows", "rows": 100}} with data.config.purposes as register
		with input as {"purpose": "service"}
}

test_no_limit_where_the_purpose_names_none if {
	rule.limit == set() with data.config.purposes as register
		with input as {"purpose": "audit"}
}
