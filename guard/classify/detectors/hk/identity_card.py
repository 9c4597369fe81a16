"""Hong Kong identity card number (香港身份證號碼): one or two letters, six digits, a check character in brackets.

Letters count 10 to 35, a missing first letter 36; weights 9 to 1; the sum is a multiple of eleven, ten is A.

Reference: Immigration Department, Hong Kong identity card; Cap. 177B.

>>> check("A123456(3)"), check("A123456(4)"), check("AB987654(3)")
(True, False, True)
"""

from __future__ import annotations

import re

from guard.classify.checkdigit import weighted
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import bare as normalise

SHAPE = r"[Aa]{1,2}9{6}(?:\([9Aa]\)|[9A])"
PASS_RATE = 0.085
PRIOR = -1.0
CEILING = 18.0
WRITTEN = r"A{1,2}9{6}\([9A]\)"
CONTEXT = ("身份證", "身分證", "身份证", "香港身份", "hkid", "identity card", "id card", "id no", "sfz")


def _sum_is_eleven(number: str) -> bool:
    values = [int(char, 36) for char in number]
    return weighted([36] * (9 - len(values)) + values, (9, 8, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


RULES: Rules = (
    ("one or two letters, six digits, and a digit or A", re.compile(r"[A-Z]{1,2}[0-9]{6}[0-9A]").fullmatch),
    ("the weighted sum is a multiple of eleven", _sum_is_eleven),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
