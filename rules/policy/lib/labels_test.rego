package guard.lib.labels_test

import data.guard.lib.labels

id := {"kind": "cn.resident_id", "category": "identity", "level": 4, "state": "raw"}

phone := {"kind": "cn.mobile", "category": "contact", "level": 3, "state": "raw"}

query(sets) := {"subject": {"roles": ["clerk"]}, "purpose": "service", "label_sets": sets}

config := {
	"grants": {"clerk": {"service": {"reach": 4, "clear": 2, "show": ["cn.mobile"]}}},
	"masking": {"states": ["raw"]},
}

test_highest_level if {
	labels.highest == 4 with input as query([{"id": "0", "labels": [phone]}, {"id": "1", "labels": [id]}])
		with data.config as config
}

test_highest_of_nothing_is_zero if {
	labels.highest == 0 with input as query([{"id": "0", "labels": []}])
		with data.config as config
}

test_above_clear_is_veiled_unless_shown if {
	labels.veiled == [{"label_set": "1", "label": id}] with data.config as config
		with input as query([{"id": "0", "labels": [phone]}, {"id": "1", "labels": [id]}])
}

test_what_was_masked_before_is_not_veiled_again if {
	labels.veiled == [] with data.config as config
		with input as query([{"id": "0", "labels": [object.union(id, {"state": "masked"})]}])
}
