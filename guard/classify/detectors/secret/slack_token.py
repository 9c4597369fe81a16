"""Token of Slack: xox, a letter of its kind, and numbers and letters between hyphens.

Reference: Slack API, token types.

>>> check("xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"), check("xoxb-")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"a{4}-[-9Aa]{10,250}"
PREFIXES = ("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-")
PASS_RATE = 1e-6
PRIOR = 5.0
CONTEXT = ("slack", "token", "令牌")

RULES: Rules = (
    (
        "a prefix of Slack, then digits and letters",
        re.compile(r"xox[abprs]-[0-9]{8,14}-[-0-9A-Za-z]{10,230}").fullmatch,
    ),
)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
