package guard.access.unknown_purpose_test

import data.guard.access.unknown_purpose as rule

test_an_unknown_purpose_is_a_gap if {
	rule.deny == {{
		"message": "the purpose is not in the register of purposes",
		"help": "state a purpose from config/purposes/data.yaml, or have this one added",
		"gap": "unknown_purpose",
	}} with data.config.purposes as {"audit": {}}
		with input as {"purpose": "curiosity"}
}

test_a_known_purpose_is_fine if {
	rule.deny == set() with data.config.purposes as {"audit": {}}
		with input as {"purpose": "audit"}
}
