# METADATA
# title: Subjects without a role that the rules know
# description: >-
#   Denies a subject none of whose roles has a grant for anything, as a gap that can be closed. A role that the rules
#   do not know beside one that they know is left alone: it gives no right.
# related_resources:
#   - ref: "PIPL art. 51(4)"
#     description: operating rights for handling personal information are laid down reasonably
# custom:
#   severity: medium
#   mode: enforce
package guard.access.unknown_role

deny contains reason if {
	not known
	reason := {
		"message": "none of the subject's roles is known to the rules",
		"help": "check the roles that were sent, or give one of them a grant in config/grants/data.yaml",
		"gap": "unknown_subject",
	}
}

known if {
	some role in input.subject.roles
	data.config.grants[role]
}
