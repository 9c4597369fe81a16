"""Exit-entry permit for travelling to Hong Kong and Macau (往来港澳通行证).

C and 8 digits; from 2018 C, a letter without I and O, and 7 digits. No check digit. (The Taiwan series is left out:
its letters could not be confirmed.)

Reference: National Immigration Administration, 往来港澳通行证 (2014 card; 2018 numbering).

>>> check("C12345678"), check("CA1234567"), check("CO1234567")
(True, True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"A9{8}|AA9{7}"
PASS_RATE = 0.037
PRIOR = -6.0
CEILING = 6.5
MINIMUM = 3
CONTEXT = ("往来港澳", "往來港澳", "通行证", "通行證", "exit entry permit", "travel permit", "txz", "证件号")

RULES: Rules = (("C, a digit or letter, and 7 digits", re.compile(r"C[0-9A-HJ-NP-Z][0-9]{7}").fullmatch),)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
