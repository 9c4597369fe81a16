"""Greek tax number of a person or firm (AFM): eight digits, check digit modulo 11.

Reference: Greece, AADE, AFM.

>>> check("EL 094259216 "), check("EL 094259716 ")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"(?:[Aa]{2})?9{9}"
PASS_RATE = 0.055
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("afm", "tax id", "tin", "希腊税号")

normalise, check, explain = published("gr.vat", r"(?:[EG][LR])?[0-9]{9}", "eight digits, check digit modulo 11")
