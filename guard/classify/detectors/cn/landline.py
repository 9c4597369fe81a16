"""Fixed-line telephone number of the mainland (固定电话): area code and 7 or 8 digits, or a 400/800 number.

Reference: MIIT, 电信网编号计划 (2017): area codes 010, 02x, 03xx to 09xx; local numbers begin with 2 to 9.

>>> check("021-62345678"), check("(0755)83765566"), check("400-810-8888"), check("021-02345678")
(True, True, True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import bare

SHAPE = r"(?:\+?99-?)?\(?9{2,4}\)?[- ]?9{7,8}(?:-9{1,6})?|9{10,12}|9{3}-9{3}-9{4}|9{3}-9{4}-9{3}"
PASS_RATE = 0.035
CEILING = 11.0
MINIMUM = 3
CONTEXT = (
    "电话", "電話", "座机", "座機", "固话", "固定电话", "热线", "熱線", "传真", "傳真", "联系方式",
    "phone", "tel", "telephone", "fax", "landline", "hotline", "dh", "lxdh", "gddh",
)  # fmt: skip

_EXTENSION = re.compile(r"(?<=[0-9]{7})-[0-9]{1,6}\Z")
_COUNTRY = re.compile(r"\A(?:\+86|0086|86)0?(?=[1-9][0-9]{9,10}\Z)")
_FORM = re.compile(r"0(?:10|2[0-57-9])[2-9][0-9]{7}|0[3-9][1-9][0-9][2-9][0-9]{6,7}|[48]00[0-9]{7}")

RULES: Rules = (
    ("10 to 12 digits", lambda number: 10 <= len(number) <= 12 and number.isdecimal() and number.isascii()),
    ("an area code and a local number, or 400 or 800", _FORM.fullmatch),
)


def normalise(text: str) -> str:
    """Area code and number, without separators, country code and extension."""
    bare_extension = (
        _EXTENSION.sub("", text.strip()) if text.count("-") > 1 and text[:3] not in ("400", "800") else text
    )
    return _COUNTRY.sub("0", bare(bare_extension))


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
