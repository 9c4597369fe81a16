"""Date of birth (出生日期). Every past date fits, so the name of the column, the label in the text, or company tells.

Reference: ISO 8601-1 5.2 and the forms in use in English and Chinese.

>>> check("1985-07-21"), check("1985年7月21日"), check("21/07/1985"), check("1985-13-21")
(True, True, True, False)
"""

from __future__ import annotations

import re

from guard.classify import calendar_date
from guard.classify.rule import Rules, passes, words

SHAPE = (
    r"9{4}[-/.]9{1,2}[-/.]9{1,2}(?:[ T]9{2}:9{2}(?::9{2}(?:\.9{1,9})?)?)?|9{8}"
    r"|9{1,2}[-/.]9{1,2}[-/.]9{4}|9{4}汉9{1,2}汉9{1,2}汉"
)
PASS_RATE = 0.9
CEILING = 1.0
CONTEXT = (
    "出生", "生日", "出生日期", "出生年月", "生于", "生於", "birth", "birthday", "born", "dob", "date of birth",
    "csrq", "csny",
)  # fmt: skip

_YEAR_FIRST = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


def _exists(text: str) -> bool:
    if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day = map(int, found.groups())
        return calendar_date.exists(year, month, day)
    if found := _YEAR_LAST.fullmatch(text):
        first, second, year = map(int, found.groups())
        return calendar_date.exists(year, first, second) or calendar_date.exists(year, second, first)
    return False


RULES: Rules = (("a day of the calendar from 1900 on", _exists),)


def normalise(text: str) -> str:
    """Without surrounding space and a midnight time."""
    return re.sub(r"[ T]00:00(?::00(?:\.0+)?)?\Z", "", text.strip())


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
