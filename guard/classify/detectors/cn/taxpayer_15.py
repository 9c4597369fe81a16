"""Taxpayer number of the mainland before 2015 (纳税人识别号(15位)): six digits of region and the nine
characters of the organisation code with its check character.

Reference: 国税发 [2006] 37号 (税务登记证号码); GB 11714-1997.

>>> check("110105D2143569X"), check("110105D21435690")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify import region
from guard.classify.detectors.cn import organisation_code
from guard.classify.rule import Rules, verbs
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{6}[9Aa]{8}[9Aa]"
PASS_RATE = 0.0016
PRIOR = -7.0
CEILING = 14.0
CONTEXT = ("纳税人识别号", "税务登记", "税号", "納稅人", "taxpayer", "tax number", "nsrsbh")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"[1-7][0-9]{5}[0-9A-Z]{8}[0-9X]").fullmatch,
    ),
    ("a province and prefecture of GB/T 2260", lambda number: region.known(number[:6])),
    ("the check of the organisation code", lambda number: organisation_code.check(number[6:])),
)

check, explain = verbs(RULES, normalise)
