"""Chinese bank card number (银行卡号): 16 to 19 digits, a UnionPay or domestic issuer prefix, Luhn check digit.

References: GB/T 14504, ISO/IEC 7812-1 (Luhn); UnionPay's prefix 62; domestic prefixes in use before it: 9558, 601382,
603367.

>>> check("6222020200000000006"), check("6222020200000000007")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.checkdigit import luhn
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{16,19}"
PASS_RATE = 0.0011
COLUMN_RATE = 0.1  # among numbers with the prefix
CONTEXT = (
    "银行卡", "銀行卡", "卡号", "卡號", "账号", "帳號", "账户", "帳戶", "借记卡", "储蓄卡", "收款", "转账",
    "bank card", "card", "account", "debit", "unionpay", "yhk", "yhkh", "kh", "pan",
)  # fmt: skip

_PREFIX = re.compile(r"62|9558|601382|603367")

RULES: Rules = (
    ("16 to 19 digits", lambda number: 16 <= len(number) <= 19 and number.isdecimal() and number.isascii()),
    ("the prefix of UnionPay or of a domestic issuer", _PREFIX.match),
    ("the check digit of Luhn", luhn),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
