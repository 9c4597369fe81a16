# METADATA
# title: Purposes that are not in the register
# description: Denies a query whose purpose is not in the register of purposes, as a gap that can be closed.
# related_resources:
#   - ref: "PIPL art. 6"
#     description: a definite and reasonable purpose
#   - ref: "GDPR art. 30(1)(b)"
#     description: the record of processing names the purposes
# custom:
#   severity: medium
#   mode: enforce
package guard.access.unknown_purpose

deny contains reason if {
	not data.config.purposes[input.purpose]
	reason := {
		"message": "the purpose is not in the register of purposes",
		"help": "state a purpose from config/purposes/data.yaml, or have this one added",
		"gap": "unknown_purpose",
	}
}
