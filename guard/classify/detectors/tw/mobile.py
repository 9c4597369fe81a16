"""Mobile telephone number of Taiwan (行動電話): 09 and eight digits, or +886 9 and eight.

Reference: 國家通訊傳播委員會 (NCC), 電信號碼編碼計畫.

>>> check("0912-345-678"), check("+886 912 345 678"), check("0812345678")
(True, True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import bare

SHAPE = r"\+?(?:999)?9{9,10}"
PASS_RATE = 0.011
CEILING = 10.0
MINIMUM = 3
CONTEXT = ("手機", "手机", "行動電話", "電話", "電话", "mobile", "phone", "cell", "tel", "聯絡")

_COUNTRY = re.compile(r"\A(?:\+|00)?886(?=9[0-9]{8}\Z)")

RULES: Rules = (("09 and eight digits", re.compile(r"09[0-9]{8}").fullmatch),)


def normalise(text: str) -> str:
    """Ten digits, without separators and country code."""
    return _COUNTRY.sub("0", bare(text))


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
