"""SecretId of Tencent Cloud: AKID and 32 letters or digits.

Reference: Tencent Cloud CAM, API keys.

>>> check("AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA"), check("AKIDz8krb")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"A{4}[9Aa]{32}"
PREFIXES = ("AKID",)
PASS_RATE = 1e-5
PRIOR = 4.0
CONTEXT = ("tencent", "secretid", "secret id", "cos", "腾讯云", "密钥")

RULES: Rules = (("AKID and 32 letters or digits", re.compile(r"AKID[0-9A-Za-z]{32}").fullmatch),)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
