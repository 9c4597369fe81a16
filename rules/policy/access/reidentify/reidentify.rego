# METADATA
# title: A role may turn pseudonyms back, for a purpose
# description: >-
#   Allows re-identification when one of the subject's roles has a grant for the stated purpose that names the transform
#   and the purpose whose pseudonyms they are, and reaches the level of the values. The pack grants it to nobody.
# related_resources:
#   - ref: "PIPL art. 51(3)"
#     description: de-identification as a measure that internal rules keep up
#   - ref: "GDPR art. 4(5)"
#     description: what leads back is kept apart, under technical and organisational measures
# custom:
#   severity: critical
#   mode: enforce
package guard.access.reidentify

import data.guard.lib.labels

allow contains reason if {
	input.action == "reidentify"
	some role, grant in held
	input.reidentify.transform in grant.transforms
	input.reidentify.key_purpose in grant.key_purposes
	labels.highest <= grant.reach
	reason := {"message": sprintf(
		"role %s may turn %s of the purpose %s back for %s",
		[role, input.reidentify.transform, input.reidentify.key_purpose, input.purpose],
	)}
}

# role -> its grant for this purpose
held[role] := grant if {
	some role in input.subject.roles
	grant := data.config.reidentify[role][input.purpose]
}
