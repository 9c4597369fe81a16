"""Identity of a mobile device (IMEI): 15 digits, type allocation code first, Luhn check digit last.

Reference: 3GPP TS 23.003 6.2.1 and annex B; reporting body identifiers 01, 35, 86, 99 and the like.

>>> check("490154203237518"), check("490154203237519")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.checkdigit import luhn
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{15}"
PASS_RATE = 0.013
COLUMN_RATE = 0.1  # among numbers with the prefix
PRIOR = -3.0
CEILING = 14.0
CONTEXT = ("imei", "设备号", "設備號", "串号", "序列号", "device", "handset", "sbh")

RULES: Rules = (
    (
        "15 digits with the prefix of a reporting body",
        re.compile(r"(?:0[01]|1[03]|3[35]|4[459]|5[0-4]|8[16]|9[189])[0-9]{13}").fullmatch,
    ),
    ("the check digit of Luhn", luhn),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
