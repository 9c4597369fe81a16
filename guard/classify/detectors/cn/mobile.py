"""Mobile telephone number of the mainland (手机号码), 11 digits, with or without +86.

The prefixes are those of the ministry's table; there is no check digit, and more than half of the 11-digit numbers
that begin with 1 fit. A column is therefore believed by the spread of its values and by its name, not by their form
alone.

Reference: MIIT, 我国公众移动通信网网号及H0分配情况 (2023-03).

>>> check("13800138000"), check("+86 138-0013-8000"), check("12800138000")
(True, True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import bare

SHAPE = r"\+?(?:99(?:99)?)?9{11}"
PASS_RATE = 0.062
COLUMN_RATE = 0.55  # among numbers that begin with 1
CEILING = 12.0
MINIMUM = 3
CONTEXT = (
    "手机", "手機", "移动电话", "行動電話", "电话", "電話", "联系方式", "聯繫方式", "联系", "致电", "来电", "拨打",
    "短信", "mobile", "phone", "cell", "tel", "telephone", "call", "sjh", "sjhm", "lxdh", "dh", "whatsapp",
    "msisdn",
)  # fmt: skip

_COUNTRY = re.compile(r"(?:\+86|0086|86)(?=1[0-9]{10}\Z)")
_FORM = re.compile(
    r"1(?:3[0-9]|4[5-9]|5[0-35-9]|6[2567]|7[0-35-8]|8[0-9]|9[0-35-9])[0-9]{8}"
    r"|1619[0-9]{7}|1740[0-9]{7}|1741[0-2][0-9]{6}|1749[0-9]{7}"
)

RULES: Rules = (
    ("11 digits", lambda number: len(number) == 11 and number.isdecimal() and number.isascii()),
    ("a prefix that the ministry has given out", _FORM.fullmatch),
)


def normalise(text: str) -> str:
    """The 11 digits, without separators and country code."""
    return _COUNTRY.sub("", bare(text))


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
