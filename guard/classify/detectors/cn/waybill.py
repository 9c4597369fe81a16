"""Waybill number of the mainland (快递单号): the letters of the carrier (SF, YT, JD, JT) and 12 to 15 digits.

Reference: carriers' published formats (顺丰 SF, 圆通 YT, 京东 JD, 极兔 JT).

>>> check("SF1234567890123"), check("SX1234567890123")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"[Aa]{2,3}9{12,15}"
PASS_RATE = 0.0029
PRIOR = -2.0
CEILING = 9.0
CONTEXT = ("快递", "单号", "运单", "物流", "快遞", "waybill", "tracking", "顺丰", "圆通", "京东")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"(?:SF[0-9]{12,13}|YT[0-9]{13,15}|JDV?[A-Z]?[0-9]{12,15}|JT[0-9]{13})").fullmatch,
    ),
)

check, explain = verbs(RULES, normalise)
