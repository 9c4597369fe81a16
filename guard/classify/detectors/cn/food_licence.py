"""Food production licence number of the mainland (食品生产许可证号): SC, three digits of food class, six of
region, four of serial, one check digit whose rule is not published.

Reference: 国家市场监督管理总局, 食品生产许可管理办法 (2020) arts. 28, 29.

>>> check("SC10111010500123"), check("SC90111010500123")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify import region
from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"[Aa]{2}9{14}"
PASS_RATE = 0.0001
PRIOR = -2.0
CEILING = 9.0
CONTEXT = ("食品生产许可", "许可证", "food production")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"SC1[0-3][0-9]{12}").fullmatch,
    ),
    ("a province and prefecture of GB/T 2260", lambda number: region.known(number[5:11])),
)

check, explain = verbs(RULES, normalise)
