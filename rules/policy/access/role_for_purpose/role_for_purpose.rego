# METADATA
# title: A role may query for its purposes, up to a level
# description: >-
#   Allows a query when one of the subject's roles has a grant for the stated purpose and every column of the query
#   is within the reach of that grant. Without a grant nothing is allowed.
# related_resources:
#   - ref: "PIPL art. 6"
#     description: a definite and reasonable purpose, and the least data that serves it
#   - ref: "GDPR art. 5(1)(b)"
#     description: purpose limitation
# custom:
#   severity: high
#   mode: enforce
package guard.access.role_for_purpose

import data.guard.lib.grants
import data.guard.lib.labels

allow contains reason if {
	input.action == "select"
	some role, grant in grants.held
	labels.highest <= grant.reach
	reason := {"message": sprintf("role %s may query for %s up to level %d", [role, input.purpose, grant.reach])}
}
