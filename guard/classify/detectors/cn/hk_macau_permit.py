"""Mainland travel permit for residents of Hong Kong and Macau (港澳居民来往内地通行证, 回乡证).

H (Hong Kong) or M (Macau) and 8 digits; cards before 2013 add two digits of renewal. No check digit.

Reference: National Immigration Administration, 港澳居民来往内地通行证 (2013 card).

>>> check("H12345678"), check("M1234567801"), check("K12345678")
(True, True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"A9{8}|A9{10}"
PASS_RATE = 0.077
PRIOR = -6.0
CEILING = 6.5
MINIMUM = 3
CONTEXT = ("通行证", "通行證", "回乡证", "回鄉證", "来往内地", "home return", "travel permit", "hxz", "txz", "证件号")

RULES: Rules = (("H or M and 8 or 10 digits", re.compile(r"[HM](?:[0-9]{8}|[0-9]{10})").fullmatch),)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
