package guard.output.many_identifiers_test

import data.guard.output.many_identifiers as rule

config(clear) := {
	"grants": {"dpo": {"audit": {"reach": 4, "clear": clear}}},
	"masking": {"states": ["raw"]},
	"watch": {"identifiers": 2, "categories": ["identity"]},
}

label(kind) := {"kind": kind, "category": "identity", "level": 3, "state": "raw"}

query(uses) := {
	"subject": {"roles": ["dpo"]},
	"purpose": "audit",
	"label_sets": [
		{"id": "0", "labels": [label("cn.resident_id")], "uses": ["output"]},
		{"id": "1", "labels": [label("person.name")], "uses": uses},
	],
}

test_reports_identifiers_side_by_side if {
	rule.deny == {{
		"message": "2 kinds of identifiers stand side by side in clear",
		"help": "ask for the identifiers that the purpose needs",
		"label_sets": ["0", "1"],
	}} with data.config as config(4)
		with input as query(["output", "filter"])
}

test_a_filter_shows_nothing if {
	rule.deny == set() with data.config as config(4)
		with input as query(["filter"])
}

test_masked_identifiers_are_fine if {
	rule.deny == set() with data.config as config(2)
		with input as query(["output"])
}
