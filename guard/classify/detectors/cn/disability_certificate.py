"""Disability certificate number of the mainland (残疾人证号): the resident identity number, one digit of class
(1 to 7), one of grade (1 to 4), and B with a digit when it was issued again.

Reference: 中国残疾人联合会, 中华人民共和国残疾人证管理办法 (2017).

>>> check("11010519491231002X11"), check("11010519491231002X81")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.detectors.cn import resident_id
from guard.classify.rule import Rules, verbs
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{17}[9Aa]9{2}(?:[Aa]9)?"
PASS_RATE = 0.0001
PRIOR = -3.0
CEILING = 20.0
CONTEXT = ("残疾", "残疾人证", "殘疾", "disability", "cjrzh")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"[1-7][0-9]{16}[0-9X][1-7][1-4](?:B[1-9])?").fullmatch,
    ),
    ("a resident number before the class and grade", lambda number: resident_id.check(number[:18])),
)

check, explain = verbs(RULES, normalise)
