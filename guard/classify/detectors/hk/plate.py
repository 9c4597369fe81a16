"""Vehicle registration mark of Hong Kong (香港車牌): two letters without I, O and Q and at most four digits without a
leading zero.

Reference: 香港運輸署, 車輛登記號碼 (Cap. 374E).

>>> check("AB 1234"), check("IO 1234")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"[Aa]{2} ?9{1,4}"
PASS_RATE = 0.74
PRIOR = -7.0
CEILING = 1.0
CONTEXT = ("車牌", "车牌", "登記號碼", "registration mark", "plate")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"[A-HJ-NPR-Z]{2}[1-9][0-9]{0,3}").fullmatch,
    ),
)

check, explain = verbs(RULES, normalise)
