"""API key of Google Cloud: AIza and 35 characters.

Reference: Google Cloud, authenticate by using API keys.

>>> check("AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"), check("AIzaSyD")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"AAaa[-_9Aa]{35}"
PREFIXES = ("AIza",)
PASS_RATE = 1e-6
PRIOR = 5.0
CONTEXT = ("google", "api key", "key", "密钥")

RULES: Rules = (
    ("AIza and 35 letters, digits, hyphens or underscores", re.compile(r"AIza[-_0-9A-Za-z]{35}").fullmatch),
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
