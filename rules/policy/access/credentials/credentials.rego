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

deny contains reason if {
	found := [set.id | some set in input.label_sets; is_credential(set)]
	count(found) > 0
	reason := {
		"message": "these columns hold credentials",
		"help": "leave the columns out; credentials are not served by way of queries",
		"label_sets": found,
	}
}

is_credential(set) if {
	some label in set.labels
	label.category in data.config.secrets.credential_categories
}

is_credential(set) if {
	some label in set.labels
	label.kind in data.config.secrets.credential_kinds
}

is_credential(set) if {
	some label in set.labels
	some family in data.config.secrets.credential_families
	startswith(label.kind, concat("", [family, "."]))
}
