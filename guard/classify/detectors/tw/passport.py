"""Passport number of Taiwan (護照號碼(臺灣)): nine digits, of which the first is 1 to 3.

Reference: 外交部領事事務局, 中華民國護照 (MRP/e-passport series).

>>> check("133456789"), check("933456789")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"9{9}"
PASS_RATE = 0.31
PRIOR = -6.0
CEILING = 1.0
CONTEXT = ("護照", "护照", "passport")

RULES: Rules = (("the form that the specification gives", re.compile(r"[1-3][0-9]{8}").fullmatch),)

check, explain = verbs(RULES, normalise)
