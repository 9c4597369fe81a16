# METADATA
# title: Passwords, keys and card verification codes
# description: >-
#   Denies every query that touches a credential: a value that lets its holder act as somebody else. A mask would not
#   do, for such a value is of use to its owner only.
# related_resources:
#   - ref: "JR/T 0171-2020, 6.1.4.1"
#     description: C3 data are never shown in clear
#   - ref: "PCI DSS 4.0, 3.3.1"
#     description: sensitive authentication data are not kept after authorisation
# custom:
#   severity: critical
#   mode: enforce
package guard.access.credentials

import data.guard.lib.labels

deny contains reason if {
	touched
	found := [set.id | some set in input.label_sets; is_credential(set)]
	count(found) > 0
	reason := {
		"message": "these columns hold credentials",
		"help": "leave the columns out; credentials are not served by way of queries",
		"label_sets": found,
	}
}

# True when some column holds one.
touched if count(kinds) > 0

touched if {
	some category in data.config.secrets.credential_categories
	category in labels.categories
}

is_credential(set) if {
	some label in set.labels
	label.kind in kinds
}

is_credential(set) if {
	some label in set.labels
	label.category in data.config.secrets.credential_categories
}

# Kinds among the columns that are credentials: by name, or by family, where `secret` is every kind `secret.*`.
kinds contains kind if {
	some kind in labels.kinds
	kind in data.config.secrets.credential_kinds
}

kinds contains kind if {
	some family in data.config.secrets.credential_families
	beginning := concat("", [family, "."])
	some kind in labels.kinds
	startswith(kind, beginning)
}
