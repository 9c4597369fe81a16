"""Mainland travel permit for residents of Taiwan (台湾居民来往大陆通行证, 台胞证): 8 digits since 2008; no check digit.

Any 8 digits fit, so only context tells.

Reference: Ministry of Public Security, notice on 台湾居民来往大陆通行证 (2008-09-25).

>>> check("01234567"), check("0123456")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{8}"
PASS_RATE = 0.95
CEILING = 1.0
CONTEXT = ("台胞证", "臺胞證", "台胞證", "台湾居民来往大陆通行证", "來往大陸通行證", "taiwan compatriot", "tbz", "mtp")

RULES: Rules = (("8 digits", re.compile(r"[0-9]{8}").fullmatch),)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
