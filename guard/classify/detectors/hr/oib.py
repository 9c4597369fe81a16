"""Croatian personal identity number (OIB): eleven digits, check digit of ISO 7064 MOD 11,10.

Reference: Croatia, Zakon o osobnom identifikacijskom broju.

>>> check("04498555955"), check("04498555905")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{11}"
PASS_RATE = 0.11
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("oib", "national id", "personal id", "克罗地亚个人身份号码")

normalise, check, explain = published("hr.oib", r"[0-9]{11}", "eleven digits, check digit of ISO 7064 MOD 11,10")
