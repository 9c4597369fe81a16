"""Telephone number in international form: a plus sign, country code and subscriber number, at most 15 digits.

Reference: ITU-T E.164 6.1.

>>> check("+44 20 7946 0958"), check("+1-202-555-0143"), check("44 20 7946 0958"), check("+0123456789")
(True, True, False, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import bare as normalise

SHAPE = r"\+9{1,4}[- .]?\(?9[9 .()-]{6,18}9"
PASS_RATE = 0.03
PRIOR = -1.0
CEILING = 14.0
CONTEXT = (
    "phone",
    "tel",
    "telephone",
    "mobile",
    "cell",
    "fax",
    "call",
    "whatsapp",
    "电话",
    "電話",
    "手机",
    "手機",
    "联系",
)

RULES: Rules = (
    ("a plus sign and 8 to 15 digits without a leading zero", re.compile(r"\+[1-9][0-9]{7,14}").fullmatch),
    (
        "not of the mainland or Taiwan, which have kinds of their own",
        lambda number: not number.startswith(("+86", "+886")),
    ),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
