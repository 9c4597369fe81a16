"""Payment card number (PAN) of the international schemes: issuer prefix, the scheme's length, Luhn check digit.

Visa 4; Mastercard 51-55, 2221-2720; American Express 34, 37; JCB 3528-3589; Diners 300-305, 36, 38, 39; Discover
6011, 644-649, 65; Maestro 50, 56-58. UnionPay is `cn.bank_card`.

References: ISO/IEC 7812-1; the schemes' own lengths; PCI DSS v4.0.1 for what may be kept.

>>> check("4454 7945 1139 0933"), check("4454794511390934"), check("378282246310005")
(True, False, True)
"""

from __future__ import annotations

import re

from guard.classify.checkdigit import luhn
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{12,16}|9{19}"
PASS_RATE = 0.021
COLUMN_RATE = 0.1  # among numbers with the prefix
PRIOR = -1.5
CEILING = 16.0
CONTEXT = (
    "信用卡", "银行卡", "銀行卡", "卡号", "卡號", "刷卡", "credit card", "card", "card number", "visa",
    "mastercard", "amex", "debit", "pan", "cc", "xyk",
)  # fmt: skip

_FORM = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|"
    r"720)[0-9]{12}|3[47][0-9]{13}"
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12}|3(?:0[0-5]|[689][0-9])[0-9]{11}|6(?:011|4[4-9][0-9]|5[0-9]{2})[0-9]{12}|"
    r"5[0678][0-9]{10,14}"
)

RULES: Rules = (
    ("the prefix and length of a scheme", _FORM.fullmatch),
    ("the check digit of Luhn", luhn),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
