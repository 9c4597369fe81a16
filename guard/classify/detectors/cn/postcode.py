"""Postal code of the mainland (邮政编码): six digits. Almost any six digits fit, so only context tells.

Reference: GB/T 2260 does not apply; China Post, 邮政编码 (first two digits: province or municipality, 01 to 86).

>>> check("100020"), check("990020")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{6}"
PASS_RATE = 0.86
CEILING = 1.0
CONTEXT = ("邮编", "郵編", "邮政编码", "郵遞區號", "postcode", "postal code", "zip", "zipcode", "yb", "yzbm")

RULES: Rules = (("six digits that begin with 01 to 86", re.compile(r"(?!00)(?:[0-7][0-9]|8[0-6])[0-9]{4}").fullmatch),)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
