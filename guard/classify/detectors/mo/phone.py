"""Telephone number of Macau (澳門電話號碼): eight digits that begin with 6 (mobile), 28 or 8 (fixed), with or
without +853.

Reference: 澳門郵電局 (CTT), 電信編號計劃.

>>> check("+853 6612 3456"), check("+852 6612 3456")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"(?:[+]?9{3}[- ]?)?9{4}[- ]?9{4}"
PASS_RATE = 0.063
PRIOR = -7.0
CEILING = 1.0
CONTEXT = ("澳門", "澳门", "電話", "电话", "手機", "tel", "phone")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"(?:\+?853)?(?:6[2356][0-9]{6}|28[0-9]{6}|8[3-9][0-9]{6})").fullmatch,
    ),
)

check, explain = verbs(RULES, normalise)
