"""Social Security number of the United States: three, two and four digits.

Since randomisation (2011) the area says nothing; what is known is what was never issued.

Reference: Social Security Administration, SSN Randomization; POMS RM 10201.030 (000, 666, 900-999, 00, 0000 are
invalid).

>>> check("536-22-1234"), check("666-22-1234"), check("987-65-4320")
(True, False, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{3}-9{2}-9{4}|9{3} 9{2} 9{4}|9{9}"
PASS_RATE = 0.88
PRIOR = -2.5
CEILING = 8.0
MINIMUM = 3
WRITTEN = r"9{3}[- ]9{2}[- ]9{4}"
CONTEXT = ("ssn", "social security", "social security number", "ss", "taxpayer", "社会安全号", "社会保障号")

_PUBLISHED = frozenset({"078051120", "219099999", "457555462", "123456789", "111111111"})

RULES: Rules = (
    ("nine digits in an issued range", re.compile(r"(?!000|666|9)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}").fullmatch),
    ("not one that was printed as a specimen", lambda number: number not in _PUBLISHED),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
