"""Citizen digital certificate of Taiwan (自然人憑證號碼): two capitals and fourteen digits.

Reference: 內政部憑證管理中心; 財政部, 電子發票實施作業要點.

>>> check("TP03000001234567"), check("TP0300000123456")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"[Aa]{2}9{14}"
PASS_RATE = 0.99
PRIOR = -5.0
CEILING = 6.0
CONTEXT = ("自然人憑證", "自然人凭证", "憑證", "citizen certificate")

RULES: Rules = (("the form that the specification gives", re.compile(r"[A-Z]{2}[0-9]{14}").fullmatch),)

check, explain = verbs(RULES, normalise)
