"""Macau resident identity card number (澳門居民身份證): 1, 5 or 7, six digits, one digit in brackets.

The check digit's rule is not published, so the bracketed form and context tell.

Reference: Direcção dos Serviços de Identificação, 澳門居民身份證.

>>> check("1234567(8)"), check("5/123456/7"), check("2234567(8)")
(True, True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import bare as normalise

SHAPE = r"9{7}\(9\)|9/9{6}/9|9{8}"
PASS_RATE = 0.31
CEILING = 4.0
MINIMUM = 3
WRITTEN = r"9{7}\(9\)|9/9{6}/9"
CONTEXT = ("澳門", "澳门", "身份證", "身份证", "macau", "macao", "bir")

RULES: Rules = (("1, 5 or 7 and seven digits", re.compile(r"[157][0-9]{7}").fullmatch),)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
