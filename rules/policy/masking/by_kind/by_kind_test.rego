package guard.masking.by_kind_test

import data.guard.masking.by_kind as rule

config := {
	"grants": {"clerk": {"service": {"reach": 4, "clear": 2}}},
	"masking": {
		"states": ["raw"],
		"kinds": {
			"cn.mobile": {"transform": "partial", "params": {"first": 3, "last": 4}, "strength": 40},
			"person.name": {"transform": "name", "strength": 40},
		},
	},
}

query(kind, level) := {
	"subject": {"roles": ["clerk"]},
	"purpose": "service",
	"label_sets": [{"id": "0", "labels": [{"kind": kind, "level": level, "state": "raw"}]}],
}

test_the_form_of_the_kind if {
	rule.mask == {{
		"label_set": "0",
		"transform": "partial",
		"params": {"first": 3, "last": 4},
		"strength": 40,
	}} with data.config as config
		with input as query("cn.mobile", 3)
}

test_a_form_without_parameters if {
	rule.mask == {{"label_set": "0", "transform": "name", "params": {}, "strength": 40}} with data.config as config
		with input as query("person.name", 3)
}

test_no_mask_where_the_level_is_clear if {
	rule.mask == set() with data.config as config
		with input as query("cn.mobile", 2)
}

test_kinds_without_a_form_are_left_to_by_level if {
	rule.mask == set() with data.config as config
		with input as query("cn.plate", 3)
}
