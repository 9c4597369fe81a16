"""Australian company number (ABN): two check digits modulo 89 and nine digits.

Reference: Australian Business Register, format of the ABN.

>>> check("51824753556"), check("51824753506")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{11}|9{2} 9{3} 9{3} 9{3}"
PASS_RATE = 0.011
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("abn", "australian business number", "澳大利亚企业登记号")

normalise, check, explain = published("au.abn", r"[0-9]{11}", "two check digits modulo 89 and nine digits")
