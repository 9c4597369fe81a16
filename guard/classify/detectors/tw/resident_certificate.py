"""Number of the old Alien Resident Certificate of Taiwan (舊式居留證統一證號): two letters and eight digits.

As the national number, the second letter (A to D: kind and sex) counting by the last digit of its value.

Reference: 內政部移民署, 統一證號編碼原則 (until 2021-01-01).

>>> check("AB12345677"), check("AB12345678")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.checkdigit import weighted
from guard.classify.detectors.tw.national_id import LETTERS, WEIGHTS
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"AA9{8}"
PASS_RATE = 0.016
COLUMN_RATE = 0.1  # among numbers with such a beginning
PRIOR = -5.0
CEILING = 14.0
CONTEXT = ("居留證", "統一證號", "居留证", "resident certificate", "arc", "alien resident")


def _sum_is_ten(number: str) -> bool:
    first = 10 + LETTERS.index(number[0])
    second = LETTERS.index(number[1]) % 10
    return weighted([first // 10, first % 10, second, *map(int, number[2:])], WEIGHTS) % 10 == 0


RULES: Rules = (
    ("a letter, A to D, and eight digits", re.compile(r"[A-Z][A-D][0-9]{8}").fullmatch),
    ("the weighted sum is a multiple of ten", _sum_is_ten),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
