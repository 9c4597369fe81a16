"""National student number of the mainland (全国学籍号): a letter for the way it was given (G, J or L) and the resident
identity number with its check character.

Reference: 教育部, 中小学生学籍管理办法 (2013) art. 5.

>>> check("G11010519491231002X"), check("G110105194912310021")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.detectors.cn import resident_id
from guard.classify.rule import Rules, verbs
from guard.classify.spelling import unspaced as normalise

SHAPE = r"[Aa]9{17}[9Aa]"
PASS_RATE = 0.0001
PRIOR = -3.0
CEILING = 20.0
CONTEXT = ("学籍", "學籍", "学籍号", "student number", "xjh")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"[GJL][1-7][0-9]{16}[0-9X]").fullmatch,
    ),
    ("a resident number behind the letter", lambda number: resident_id.check(number[1:])),
)

check, explain = verbs(RULES, normalise)
