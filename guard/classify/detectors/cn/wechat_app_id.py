"""WeChat application identifier (微信AppID): wx and sixteen hexadecimal digits.

Reference: Tencent, 微信开放文档: AppID.

>>> check("wx8888888888888888"), check("wy1a2b3c4d5e6f7a8b")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs

SHAPE = r"[Aa]{2}[9Aa]{16}"
PASS_RATE = 0.0001
PRIOR = 0.0
CEILING = 14.0
CONTEXT = ("appid", "app_id", "微信", "小程序", "公众号")

RULES: Rules = (("the form that the specification gives", re.compile(r"wx[0-9a-f]{16}").fullmatch),)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


check, explain = verbs(RULES, normalise)
