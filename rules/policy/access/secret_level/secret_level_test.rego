package guard.access.secret_level_test

import data.guard.access.secret_level as rule

config := {"level": 5, "state_secret_kinds": ["cn.secrecy_mark"]}

query(labels) := {"label_sets": [{"id": sprintf("%d", [i]), "labels": [label]} | some i; label := labels[i]]}

denied(sets) := {{
	"message": "these columns hold state secrets or data of level 5",
	"help": "leave the columns out; no grant opens them",
	"label_sets": sets,
}}

test_the_level_is_denied if {
	rule.deny == denied(["1"]) with data.config.secrets as config
		with input as query([{"kind": "a", "level": 4}, {"kind": "b", "level": 5}])
}

test_the_kind_is_denied_at_any_level if {
	rule.deny == denied(["0"]) with data.config.secrets as config
		with input as query([{"kind": "cn.secrecy_mark", "level": 1}])
}

test_below_is_fine if {
	rule.deny == set() with data.config.secrets as config
		with input as query([{"kind": "a", "level": 4}])
}
