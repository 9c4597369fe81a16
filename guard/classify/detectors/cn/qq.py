"""QQ number: 5 to 11 digits without a leading zero. Any such number fits, so only context tells.

Reference: Tencent, account rules; no check digit exists.

>>> check("12345678"), check("0123456")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{5,11}"
PASS_RATE = 0.9
CEILING = 0.5
PRIOR = -4.0
CONTEXT = ("qq", "qq号", "qq號", "企鹅号", "扣扣")

RULES: Rules = (("5 to 11 digits without a leading zero", re.compile(r"[1-9][0-9]{4,10}").fullmatch),)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
