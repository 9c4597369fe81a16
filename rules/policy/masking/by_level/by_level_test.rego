package guard.masking.by_level_test

import data.guard.masking.by_level as rule

config := {
	"grants": {"clerk": {"service": {"reach": 4, "clear": 2}}},
	"masking": {
		"states": ["raw"],
		"kinds": {"cn.mobile": {"transform": "partial", "params": {"first": 3, "last": 4}, "strength": 40}},
		"otherwise": {"transform": "null", "strength": 90},
	},
}

query(kind, level) := {
	"subject": {"roles": ["clerk"]},
	"purpose": "service",
	"label_sets": [{"id": "0", "labels": [{"kind": kind, "level": level, "state": "raw"}]}],
}

test_a_kind_without_a_form_is_hidden if {
	rule.mask == {{"label_set": "0", "transform": "null", "params": {}, "strength": 90}} with data.config as config
		with input as query("cn.plate", 3)
}

test_a_kind_with_a_form_is_left_to_by_kind if {
	rule.mask == set() with data.config as config
		with input as query("cn.mobile", 3)
}

test_no_mask_where_the_level_is_clear if {
	rule.mask == set() with data.config as config
		with input as query("cn.plate", 2)
}
