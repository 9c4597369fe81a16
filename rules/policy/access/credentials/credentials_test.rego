package guard.access.credentials_test

import data.guard.access.credentials as rule

config := {
	"credential_families": ["secret"],
	"credential_categories": ["credential"],
	"credential_kinds": ["card.cvv"],
}

query(labels) := {"label_sets": [{"id": sprintf("%d", [i]), "labels": [label]} | some i; label := labels[i]]}

denied(sets) := {{
	"message": "these columns hold credentials",
	"help": "leave the columns out; credentials are not served by way of queries",
	"label_sets": sets,
}}

test_a_credential_by_its_category if {
	rule.deny == denied(["0"]) with data.config.secrets as config
		with input as query([{"kind": "intl.token", "category": "credential"}])
}

test_a_credential_by_its_kind if {
	rule.deny == denied(["1"]) with data.config.secrets as config
		with input as query([{"kind": "email", "category": "contact"}, {"kind": "card.cvv", "category": "finance"}])
}

test_a_credential_by_its_family if {
	rule.deny == denied(["0"]) with data.config.secrets as config
		with input as query([{"kind": "secret.jwt", "category": "other"}])
}

test_a_family_is_not_a_mere_beginning if {
	rule.deny == set() with data.config.secrets as config
		with input as query([{"kind": "secretary.name", "category": "other"}])
}

test_other_columns_are_fine if {
	rule.deny == set() with data.config.secrets as config
		with input as query([{"kind": "email", "category": "contact"}])
}
