"""Electronic invoice number of the mainland (数电发票号码): two digits of year, two of province, one of
channel, fifteen of serial.

Reference: 国家税务总局公告 2024 年第 11 号 (全面数字化的电子发票).

>>> check("24112000000012345678"), check("24992000000012345678")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"9{20}"
PASS_RATE = 0.063
PRIOR = -5.0
CEILING = 1.0
CONTEXT = ("发票", "发票号", "發票", "invoice", "fphm")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"(?:2[1-9]|3[0-9])(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])[0-9]{16}").fullmatch,
    ),
)

check, explain = verbs(RULES, normalise)
