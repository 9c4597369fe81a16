"""Uniform invoice number of Taiwan (統一發票號碼): two letters of the period and eight digits.

Reference: 財政部, 統一發票使用辦法.

>>> check("AB-12345678"), check("A-12345678")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import unspaced as normalise

SHAPE = r"[Aa]{2}-?9{8}"
PASS_RATE = 0.99
PRIOR = -6.0
CEILING = 1.0
CONTEXT = ("統一發票", "發票號碼", "發票", "发票", "invoice")

RULES: Rules = (("the form that the specification gives", re.compile(r"[A-Z]{2}[0-9]{8}").fullmatch),)

check, explain = verbs(RULES, normalise)
