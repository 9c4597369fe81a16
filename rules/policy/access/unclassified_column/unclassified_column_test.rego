package guard.access.unclassified_column_test

import data.guard.access.unclassified_column as rule

query(flags) := {"label_sets": [set_of(i, flag) | some i; flag := flags[i]]}

set_of(i, flag) := {"id": sprintf("%d", [i]), "classified": flag, "labels": []}

test_denies_what_nobody_looked_at if {
	rule.deny == {{
		"message": "these columns have not been classified",
		"help": "run `guard scan` on the source, then ask again",
		"label_sets": ["1"],
	}} with input as query([true, false])
}

test_clean_is_fine if rule.deny == set() with input as query([true, true])

test_no_columns_is_fine if rule.deny == set() with input as query([])
