"""Internet-of-things number of the mainland (物联网号码), 13 digits that begin with 140 to 144.

Reference: MIIT, 公众移动通信网网号分配情况 (2023-03).

>>> check("1440012345678"), check("1450012345678")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import bare as normalise

SHAPE = r"9{13}"
PASS_RATE = 0.0051
PRIOR = -9.0  # millisecond timestamps have 13 digits too
CEILING = 8.0
CONTEXT = ("物联网", "物聯網", "物联卡", "iot", "m2m", "msisdn")

RULES: Rules = (("13 digits that begin with 140 to 144", re.compile(r"14[0-4][0-9]{10}").fullmatch),)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
