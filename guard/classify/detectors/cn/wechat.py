"""WeChat account name (微信号): a letter and 5 to 19 letters, digits, hyphens or underscores; only context tells.

Reference: Tencent, 微信号 rules; no check digit exists.

>>> check("zhang_wei88"), check("8zhang"), check("abc")
(True, False, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"[Aa][-_Aa9]{5,19}"
PASS_RATE = 0.95
CEILING = 0.5
PRIOR = -4.0
CONTEXT = ("微信", "微信号", "微信號", "wechat", "weixin", "wx", "wxid", "wxh")

RULES: Rules = (
    (
        "a letter and 5 to 19 letters, digits, hyphens or underscores",
        re.compile(r"[A-Za-z][-_A-Za-z0-9]{5,19}").fullmatch,
    ),
)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
