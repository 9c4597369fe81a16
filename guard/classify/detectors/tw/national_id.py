"""National identification number of Taiwan (國民身分證統一編號), and the new resident number (新式統一證號) of 2021.

A letter of the place of registration, 1 or 2 (8 or 9 for foreign residents), eight digits of which the last is the
check: the letter as two digits (A = 10 ... with I = 34, O = 35), weights 1 9 8 7 6 5 4 3 2 1 1, sum a multiple of
ten.

References: 戶籍法; 內政部移民署, 新式外來人口統一證號 (2021-01-02).

>>> check("A123456789"), check("A123456788")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.checkdigit import weighted
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"[Aa]9{9}"
PASS_RATE = 0.041
COLUMN_RATE = 0.1  # among numbers with such a beginning
PRIOR = -1.0
CONTEXT = ("身分證", "身份證", "身份证", "統一編號", "統編", "居留證", "national id", "id number", "sfz", "taiwan id")

LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # A is 10; W, Z, I and O came later
WEIGHTS = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)


def _sum_is_ten(number: str) -> bool:
    letter = 10 + LETTERS.index(number[0])
    return weighted([letter // 10, letter % 10, *map(int, number[1:])], WEIGHTS) % 10 == 0


RULES: Rules = (
    ("a letter, 1, 2, 8 or 9, and eight digits", re.compile(r"[A-Z][1289][0-9]{8}").fullmatch),
    ("the weighted sum is a multiple of ten", _sum_is_ten),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
