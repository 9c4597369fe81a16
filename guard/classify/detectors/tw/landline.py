"""Fixed-line number of Taiwan (市內電話號碼): 02 and eight digits, or 03 to 089 and six to eight.

Reference: 國家通訊傳播委員會, 電信號碼編碼計畫.

>>> check("02-2345-6789"), check("0123456789")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"[(]?9{2,4}[)]?[- ]?9{3,4}[- ]?9{4}"
PASS_RATE = 0.015
PRIOR = -6.0
CEILING = 1.0
CONTEXT = ("電話", "电话", "市話", "聯絡電話", "tel", "phone")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(
            r"0(?:2[2-8][0-9]{7}|3[2-9][0-9]{6}|37[2-9][0-9]{5}|4[2-9][0-9]{6,7}|49[2-9][0-9]{6}|5[2-8][0-9]{"
            r"6}|6[2-9][0-9]{6}|7[2-9][0-9]{6}|8[2-9][0-9]{5,6}|82[2-9][0-9]{5}|89[2-9][0-9]{5})"
        ).fullmatch,
    ),
)

check, explain = verbs(RULES, normalise)
