"""AccessKey ID of Alibaba Cloud: LTAI and 12 to 20 letters or digits.

Reference: Alibaba Cloud RAM, AccessKey pair.

>>> check("LTAI5tQ9mZk3Xw7Lb2Vd8RfG"), check("LTAI5t")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"A{4}[9Aa]{12,20}"
PREFIXES = ("LTAI",)
PASS_RATE = 1e-5
PRIOR = 4.0
CONTEXT = ("aliyun", "access key", "accesskeyid", "oss", "阿里云", "密钥")

RULES: Rules = (("LTAI and 12 to 20 letters or digits", re.compile(r"LTAI[0-9A-Za-z]{12,20}").fullmatch),)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
