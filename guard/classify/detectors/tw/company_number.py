"""Unified business number of Taiwan (統一編號, UBN): eight digits; names an organisation, not a person.

Weights 1 2 1 2 1 2 4 1, the digits of each product added up; since 2023-04-01 the sum is a multiple of five (before:
ten). A seventh digit 7 may count one less. One in four random numbers passes, so context must help.

Reference: 財政部財政資訊中心, 營利事業統一編號檢查碼邏輯修正說明 (2023-04-01).

>>> check("00501503"), check("00501502")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{8}"
PASS_RATE = 0.22
PRIOR = -6.0
CEILING = 6.0
MINIMUM = 5
CONTEXT = ("統一編號", "統編", "公司統編", "營利事業", "统一编号", "ubn", "company number", "tax id", "gui number")

_PRODUCTS = tuple(tuple(sum(divmod(digit * weight, 10)) for digit in range(10)) for weight in (1, 2, 1, 2, 1, 2, 4, 1))


def _sum_is_five(number: str) -> bool:
    total = sum(row[ord(digit) - 48] for row, digit in zip(_PRODUCTS, number, strict=True))
    return total % 5 == 0 or (number[6] == "7" and (total + 1) % 5 == 0)


RULES: Rules = (
    ("eight digits", re.compile(r"[0-9]{8}").fullmatch),
    ("the sum of the weighted digits is a multiple of five", _sum_is_five),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
