"""Telephone number of Hong Kong (香港電話號碼): eight digits that begin with 2 to 7, 9 or 81 to 83, with or
without +852.

Reference: 通訊事務管理局 (OFCA), Numbering Plan for Telecommunications Services in Hong Kong.

>>> check("+852 9123 4567"), check("1234 5678")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"(?:[+]?9{3}[- ]?)?9{4}[- ]?9{4}"
PASS_RATE = 0.38
PRIOR = -6.0
CEILING = 1.0
CONTEXT = ("電話", "电话", "手機", "手机", "香港", "tel", "phone", "mobile", "whatsapp", "+852")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"(?:\+?852)?(?:[2345679][0-9]{7}|8[1-3][0-9]{6})").fullmatch,
    ),
)

check, explain = verbs(RULES, normalise)
