"""First-generation resident identity card number (第一代身份证号), 15 digits, invalid since 2013 but alive in old data.

Region, birth date as yyMMdd in the 20th century, sequence; no check digit, so values need context or company.

References: GB 11643-1989; 居民身份证法 (2011 amendment: first-generation cards end 2013-01-01).

>>> check("110105491231002")
True
>>> explain("110105491331002")
'fails: a birth date of the 20th century that exists'
"""

from __future__ import annotations

from guard.classify import calendar_date, region
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{15}"
PASS_RATE = 0.0013
CEILING = 14.0
PRIOR = -8.0  # other numbers of 15 digits are far more common
CONTEXT = ("身份证", "身份證", "身分證", "证件号", "證件號", "id card", "resident id", "sfz", "sfzh")

RULES: Rules = (
    ("15 digits", lambda number: len(number) == 15 and number.isdecimal() and number.isascii()),
    ("a birth date of the 20th century that exists", lambda number: calendar_date.compact("19" + number[6:12])),
    ("a province and prefecture of GB/T 2260", lambda number: number[0] < "8" and region.known(number)),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
