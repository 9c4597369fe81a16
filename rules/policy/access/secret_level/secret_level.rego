# METADATA
# title: State secrets and core data
# description: >-
#   Denies every query that touches a column at or above the secret level, or of a secret kind, whoever asks and
#   whatever a grant says. Such data are not served by way of queries.
# related_resources:
#   - ref: "DSL art. 21"
#     description: core data of the state
#   - ref: "JR/T 0197-2020, 5.3"
#     description: level 5
# custom:
#   severity: critical
#   mode: enforce
package guard.access.secret_level

import data.guard.lib.labels

deny contains reason if {
	touched
	secret := [set.id | some set in input.label_sets; is_secret(set)]
	count(secret) > 0
	reason := {
		"message": sprintf("these columns hold state secrets or data of level %d", [data.config.secrets.level]),
		"help": "leave the columns out; no grant opens them",
		"label_sets": secret,
	}
}

# True when some column holds one.
touched if labels.highest >= data.config.secrets.level

touched if {
	some kind in data.config.secrets.state_secret_kinds
	kind in labels.kinds
}

is_secret(set) if {
	some label in set.labels
	label.level >= data.config.secrets.level
}

is_secret(set) if {
	some label in set.labels
	label.kind in data.config.secrets.state_secret_kinds
}
