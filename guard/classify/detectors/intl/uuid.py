"""Universally unique identifier. Known, and not sensitive by itself: it names a row, not a person.

Reference: RFC 9562 4.

>>> check("f47ac10b-58cc-4372-a567-0e02b2c3d479"), check("f47ac10b-58cc-4372-a567-0e02b2c3d47")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"\{?[9Aa]{8}-[9Aa]{4}-[9Aa]{4}-[9Aa]{4}-[9Aa]{12}\}?"
PASS_RATE = 1e-5
PRIOR = 3.0
CONTEXT = ("uuid", "guid", "id", "标识")

RULES: Rules = (
    (
        "32 hexadecimal digits in groups of 8-4-4-4-12",
        re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch,
    ),
)


def normalise(text: str) -> str:
    """In small letters, without braces and surrounding space."""
    return text.strip(" {}").lower()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
