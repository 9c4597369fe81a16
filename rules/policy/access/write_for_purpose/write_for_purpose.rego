# METADATA
# title: A role may write, for a purpose
# description: >-
#   Allows INSERT, UPDATE, DELETE, MERGE or CREATE TABLE AS when one of the subject's roles has a grant for the
#   stated purpose that names the action and the table, and reaches every column that is read or written, and one of
#   them may query for that purpose. The pack grants it to nobody.
# related_resources:
#   - ref: "PIPL art. 8"
#     description: personal information is kept accurate
#   - ref: "GDPR art. 5(1)(f)"
#     description: integrity, against unauthorised alteration
# custom:
#   severity: critical
#   mode: enforce
package guard.access.write_for_purpose

import data.guard.lib.grants
import data.guard.lib.labels

allow contains reason if {
	input.action in {"insert", "upsert", "update", "delete", "merge", "create"}
	count(grants.held) > 0 # what a write reads is masked and filtered by the grant for queries
	some role, grant in held
	input.action in grant.actions
	some pattern in grant.tables
	glob.match(pattern, ["."], input.write.table)
	labels.highest <= grant.reach
	reason := {"message": sprintf("role %s may %s %s for %s", [role, input.action, input.write.table, input.purpose])}
}

# role -> its grant for this purpose
held[role] := grant if {
	some role in input.subject.roles
	grant := data.config.writes[role][input.purpose]
}
