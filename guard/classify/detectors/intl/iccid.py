"""Serial number of a SIM card (ICCID): 89, country and issuer, 19 or 20 digits, Luhn check digit last.

Reference: ITU-T E.118. Chinese cards begin with 8986 and may carry hexadecimal letters, whose check is not public.

>>> check("8986001234567890120"), check("8986001234567890121")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.checkdigit import luhn
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{19,20}"
PASS_RATE = 0.0011
COLUMN_RATE = 0.1  # among numbers with the prefix
PRIOR = -3.0
CEILING = 16.0
CONTEXT = ("iccid", "sim", "sim卡", "手机卡", "card serial")

RULES: Rules = (
    ("89 and 17 or 18 digits", re.compile(r"89[0-9]{17,18}").fullmatch),
    ("the check digit of Luhn", luhn),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
