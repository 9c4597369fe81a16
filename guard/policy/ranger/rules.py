"""The two rules that read imported policies, with their tests; the same for every import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

_META = """\
# METADATA
# title: {title}
# description: {description}
# related_resources:
#   - ref: https://ranger.apache.org/
# custom:
#   severity: high
#   mode: {mode}
"""

_LIB = """\
# Whom an imported policy of Ranger's means.
package guard.lib.ranger

applies(entry) if entry.everybody

applies(entry) if input.subject.id in entry.users

applies(entry) if {
	some role in input.subject.roles
	role in entry.roles
}
"""
_LIB_TEST = """\
package guard.lib.ranger_test

import data.guard.lib.ranger

entry := {"everybody": false, "users": ["ann"], "roles": ["hr"]}

test_by_id if ranger.applies(entry) with input as {"subject": {"id": "ann", "roles": []}}

test_by_role if ranger.applies(entry) with input as {"subject": {"id": "x", "roles": ["hr"]}}

test_not_another if not ranger.applies(entry) with input as {"subject": {"id": "x", "roles": ["it"]}}

test_everybody if ranger.applies({"everybody": true}) with input as {"subject": {"id": "x", "roles": []}}
"""
_MASKS = """\
package guard.masking.ranger_tags

import data.guard.lib.ranger

# Entries that mean this subject, in the order in which Ranger asks them.
entries := [entry | some entry in data.config.ranger.masks; ranger.applies(entry)]

mask contains item if {
	some set in input.label_sets
	fitting := [entry | some entry in entries; covers(entry, set)]
	entry := fitting[0]
	not shown(entry)
	item := {
		"label_set": set.id,
		"transform": entry.transform,
		"params": entry.params,
		"strength": entry.strength,
		"cases": entry.cases,
	}
}

# A mask that shows the column on every row is none.
shown(entry) if {
	entry.transform == ""
	count(entry.cases) == 0
}

covers(entry, set) if {
	some label in set.labels
	label.kind in entry.covers
}

covers(entry, set) if {
	some label in set.labels
	label.category in entry.covers
}
"""
_MASKS_TEST = """\
package guard.masking.ranger_tags_test

import data.guard.masking.ranger_tags as rule

entry(roles, covers, transform) := {
	"everybody": false,
	"users": [],
	"roles": roles,
	"covers": covers,
	"transform": transform,
	"params": {},
	"strength": 50,
	"cases": [],
}

config := {"masks": [
	entry(["hr"], ["contact"], ""),
	entry(["hr", "it"], ["contact", "cn.plate"], "null"),
]}

query(role, kind) := {
	"subject": {"id": "ann", "roles": [role]},
	"label_sets": [{"id": "0", "labels": [{"kind": kind, "category": "contact"}]}],
}

masked := {"label_set": "0", "transform": "null", "params": {}, "strength": 50, "cases": []}

test_the_first_that_fits if {
	rule.mask == {masked} with data.config.ranger as config
		with input as query("it", "cn.mobile")
}

test_by_kind if {
	rule.mask == {masked} with data.config.ranger as config
		with input as query("it", "cn.plate")
}

test_none_shows if {
	rule.mask == set() with data.config.ranger as config
		with input as query("hr", "cn.mobile")
}
"""
_ROWS = """\
package guard.rows.ranger_filters

import data.guard.lib.ranger
import data.guard.lib.tables

row_filter contains item if {
	some table in input.tables
	some configured, entries in data.config.ranger.row_filters
	tables.named(table.name, configured)
	fitting := [entry | some entry in entries; ranger.applies(entry)]
	item := {"table": table.name, "predicate": fitting[0].predicate}
}
"""
_ROWS_TEST = """\
package guard.rows.ranger_filters_test

import data.guard.rows.ranger_filters as rule

filter(value) := {"op": "in", "column": "location", "values": [value]}

entry(role, value) := {"everybody": false, "users": [], "roles": [role], "predicate": filter(value)}

config := {"row_filters": {"employee.personal": [entry("hr", "US"), entry("it", "CA")]}}

query(roles, table) := {"subject": {"id": "ann", "roles": roles}, "tables": [{"name": table}]}

test_the_first_that_fits if {
	rule.row_filter == {{"table": "employee.personal", "predicate": filter("US")}} with data.config.ranger as config
		with input as query(["it", "hr"], "employee.personal")
}

test_nobody_else_is_filtered if {
	rule.row_filter == set() with data.config.ranger as config
		with input as query(["sales"], "employee.personal")
}

test_other_tables if {
	rule.row_filter == set() with data.config.ranger as config
		with input as query(["hr"], "employee.salaries")
}
"""


def files(data: Mapping[str, Any], *, mode: str) -> Mapping[str, str]:
    """The files of the import by their path in a pack that has `lib/tables.rego`."""
    masks = _META.format(
        title="Masks by tag, from Ranger", description="Masks what an imported tag policy masks.", mode=mode
    )
    rows = _META.format(
        title="Row filters, from Ranger", description="Filters rows as an imported policy does.", mode=mode
    )
    text = yaml.safe_dump(dict(data), allow_unicode=True, sort_keys=False, default_flow_style=False)
    return {
        "config/ranger/data.yaml": f"# Imported from Ranger; the order is Ranger's order of asking.\n{text}",
        "lib/ranger.rego": _LIB,
        "lib/ranger_test.rego": _LIB_TEST,
        "masking/ranger_tags/ranger_tags.rego": masks + _MASKS,
        "masking/ranger_tags/ranger_tags_test.rego": _MASKS_TEST,
        "rows/ranger_filters/ranger_filters.rego": rows + _ROWS,
        "rows/ranger_filters/ranger_filters_test.rego": _ROWS_TEST,
    }
