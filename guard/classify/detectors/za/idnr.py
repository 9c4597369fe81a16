"""South African personal identity number (ID): birth date, sex, citizenship, check digit of Luhn.

Reference: South Africa, Identification Act 68 of 1997.

>>> check("750330 5044089"), check("750630 5044089")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{13}|9{6} 9{4} 9{3}"
PASS_RATE = 0.00079
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("sa id", "south african id", "za id", "national id", "personal id", "南非个人身份号码")

normalise, check, explain = published("za.idnr", r"[0-9]{13}", "birth date, sex, citizenship, check digit of Luhn")
