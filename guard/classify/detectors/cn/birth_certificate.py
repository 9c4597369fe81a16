"""Birth certificate number of the mainland (出生医学证明编号): a letter and nine digits, the first two of which
are a province.

Reference: 国家卫生健康委员会, 出生医学证明 (2018) 编码规则.

>>> check("P110012345"), check("P990012345")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"[Aa]9{9}"
PASS_RATE = 0.33
PRIOR = -2.5
CEILING = 1.0
CONTEXT = ("出生医学证明", "出生证", "出生證", "birth certificate")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"[A-Z](?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])[0-9]{7}").fullmatch,
    ),
)

check, explain = verbs(RULES, normalise)
