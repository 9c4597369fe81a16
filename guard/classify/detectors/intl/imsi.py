"""Identity of a mobile subscriber (IMSI) in the networks of China: 460, two digits of network, ten of subscriber.

Reference: ITU-T E.212; MCC 460, networks 00 to 13, 15, 20.

>>> check("460001234567890"), check("460991234567890")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{15}"
PASS_RATE = 2e-4
PRIOR = -6.0
CEILING = 12.0
CONTEXT = ("imsi", "sim", "用户识别码", "手机卡")

RULES: Rules = (("460, a network of China, ten digits", re.compile(r"460(?:0[0-9]|1[0-35]|20)[0-9]{10}").fullmatch),)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
