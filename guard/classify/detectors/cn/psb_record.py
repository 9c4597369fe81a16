"""Public security filing number of a site (公网安备号): six digits of region and eight of serial, written
behind 公网安备.

Reference: 公安部, 计算机信息网络国际联网安全保护管理办法 art. 12.

>>> check("11010502030001"), check("99010502030001")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify import region
from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"9{14}"
PASS_RATE = 0.063
PRIOR = -5.0
CEILING = 1.0
CONTEXT = ("公网安备", "公安备案", "公網安備")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"[1-6][0-9]{13}").fullmatch,
    ),
    ("a province and prefecture of GB/T 2260", lambda number: region.known(number[:6])),
)

check, explain = verbs(RULES, normalise)
