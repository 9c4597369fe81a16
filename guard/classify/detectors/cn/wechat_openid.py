"""WeChat user identifier of an application (微信OpenID): o and 27 characters of the URL alphabet of base 64.

Reference: Tencent, 微信开放文档: OpenID 与 UnionID.

>>> check("oGZUI0egBJY1zhBYw2KhdUfwVJJE"), check("aGZUI0egBJY1zhBYw2KhdUfwVJJE")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs

SHAPE = r"[9Aa_-]{28}"
PASS_RATE = 0.0079
PRIOR = -1.0
CEILING = 9.0
CONTEXT = ("openid", "open_id", "unionid", "微信")

RULES: Rules = (
    ("the form that the specification gives", re.compile(r"o[0-9A-Za-z_-]{27}").fullmatch),
    (
        "capitals, small letters and digits",
        lambda number: any(map(str.isupper, number)) and any(map(str.isdigit, number)),
    ),
)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


check, explain = verbs(RULES, normalise)
