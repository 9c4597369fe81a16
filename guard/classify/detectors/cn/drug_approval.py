"""Drug approval number of the mainland (药品批准文号): 国药准字, a letter of the kind (H, Z, S, J, B, T, F) and
eight digits, of which the first two are a province before 2002 or begin a year.

Reference: 国家药品监督管理局, 药品注册管理办法 (2020) art. 123.

>>> check("国药准字H20053275"), check("国药准字H99053275")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"(?:汉{4} ?)?[Aa]9{8}"
PASS_RATE = 0.05
PRIOR = -5.0
CEILING = 1.0
CONTEXT = ("国药准字", "批准文号", "國藥准字", "药品", "drug approval")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"(?:国药准字)?[HZSJBTF](?:19|20|1[0-5]|2[0-3]|3[0-7]|4[1-6]|5[0-4]|6[1-5])[0-9]{6}").fullmatch,
    ),
)

check, explain = verbs(RULES, normalise)
