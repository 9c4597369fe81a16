# METADATA
# title: A purpose has its hours
# description: >-
#   Denies a query outside of the days and hours that are configured for its purpose. The pack configures none.
# related_resources:
#   - ref: "PIPL art. 51"
#     description: internal rules, and who may handle what, set reasonably
# custom:
#   severity: medium
#   mode: enforce
package guard.access.time_window

deny contains reason if {
	some purpose, hours in data.config.hours.purposes
	purpose == input.purpose
	not open(hours)
	reason := {
		"message": sprintf("purpose %s is open from %s to %s (%s)", [purpose, hours.from, hours.until, hours.zone]),
		"help": "ask within these hours",
	}
}

open(hours) if {
	now := time.parse_rfc3339_ns(input.context.time)
	time.weekday([now, hours.zone]) in hours.days
	[hour, minute, _] := time.clock([now, hours.zone])
	told := sprintf("%02d:%02d", [hour, minute])
	hours.from <= told
	told < hours.until
}
