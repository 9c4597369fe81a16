"""The files of a new rule: Rego, test, and page, each from the rule's id and what it contributes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from guard.errors import UsageError
from guard.policy.rule import CONTRIBUTIONS

_ID = re.compile(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)\Z")
_ITEMS = {
    "allow": '{{"message": "{name} allows it"}}',
    "deny": '{{"message": "{name} denies it", "help": "say here what the caller can do"}}',
    "mask": '{{"label_set": "0", "transform": "null", "params": {{}}, "strength": 50}}',
    "row_filter": '{{"table": "main.t", "predicate": {{"op": "in", "column": "id", "values": []}}}}',
    "limit": '{{"type": "max_rows", "rows": 1000}}',
}

_RULE = """\
# METADATA
# title: {title}
# description: Say here what the rule does and why, in one or two sentences.
# custom:
#   severity: medium
#   mode: monitor
package guard.{category}.{name}

{contribution} contains item if {{
	input.purpose in data.config.{name}.purposes
	item := {item}
}}
"""
_TEST = """\
package guard.{category}.{name}_test

import data.guard.{category}.{name} as rule

config := {{"purposes": ["statistics"]}}

expected := {item}

test_applies if {{
	rule.{contribution} == {{expected}} with data.config.{name} as config
		with input as {{"purpose": "statistics"}}
}}

test_keeps_still if {{
	rule.{contribution} == set() with data.config.{name} as config
		with input as {{"purpose": "service"}}
}}
"""
_DATA = """\
# Purposes to which `{category}.{name}` applies.
purposes: []
"""
_PAGE = """\
# `{category}.{name}`

{title}.

What it does: say here in one or two sentences.

Configuration: `config/{name}/data.yaml`, `purposes`: the purposes to which it applies.

It begins in monitor mode: it is evaluated and reported with each decision, and decides nothing. Set
`custom.mode: enforce` when `guard rules replay` and the reports show what it would do.
"""


def scaffold(rule: str, contribution: str, title: str) -> Mapping[str, str]:
    """The files by their path: the first three in the pack, the page beside them as `PAGE`.

    Raises:
        UsageError: the id is not `category.rule`, or there is no such contribution.
    """
    found = _ID.match(rule)
    if found is None or found[1] in {"lib", "config"}:
        raise UsageError(f"`{rule}` is no id of a rule", help="write category.rule: small letters, digits, underscores")
    if contribution not in CONTRIBUTIONS:
        raise UsageError(f"unknown contribution `{contribution}`", help=f"choose one of {', '.join(CONTRIBUTIONS)}")
    if not title.strip() or any(mark in title for mark in "\n\r:#"):
        raise UsageError("the title is empty, or holds a colon, a hash or a line break", help="give it in plain words")
    category, name = found[1], found[2]
    names = {"category": category, "name": name, "title": title.strip().rstrip("."), "contribution": contribution}
    names["item"] = _ITEMS[contribution].format(**names)
    return {
        f"{category}/{name}/{name}.rego": _RULE.format(**names),
        f"{category}/{name}/{name}_test.rego": _TEST.format(**names),
        f"config/{name}/data.yaml": _DATA.format(**names),
        PAGE: _PAGE.format(**names),
    }


PAGE = "page"
