package guard.access.time_window_test

import data.guard.access.time_window as rule

config := {"purposes": {"service": {
	"days": ["Monday", "Friday"],
	"from": "08:00",
	"until": "18:00",
	"zone": "Asia/Shanghai",
}}}

ask(purpose, at) := {"purpose": purpose, "context": {"time": at}}

test_open if {
	rule.deny == set() with data.config.hours as config with input as ask("service", "2026-07-06T00:00:00Z")
}

test_before_it_opens if {
	count(rule.deny) == 1 with data.config.hours as config with input as ask("service", "2026-07-05T23:59:59Z")
}

test_closing_time_is_closed if {
	rule.deny == {{
		"message": "purpose service is open from 08:00 to 18:00 (Asia/Shanghai)",
		"help": "ask within these hours",
	}} with data.config.hours as config
		with input as ask("service", "2026-07-06T10:00:00Z")
}

test_another_day if {
	count(rule.deny) == 1 with data.config.hours as config with input as ask("service", "2026-07-07T02:00:00Z")
}

test_another_purpose_has_no_hours if {
	rule.deny == set() with data.config.hours as config with input as ask("audit", "2026-07-05T23:59:59Z")
}

test_none_by_default if {
	rule.deny == set() with input as ask("service", "2026-07-05T23:59:59Z")
}
