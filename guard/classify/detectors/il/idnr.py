"""Israeli personal identity number (TZ): nine digits, check digit of Luhn.

Reference: Israel, Population Registry, Mispar Zehut.

>>> check("83481588-8"), check("13481588-8")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{9}|9{8}-9"
PASS_RATE = 0.099
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("teudat zehut", "mispar zehut", "national id", "personal id", "以色列个人身份号码")

normalise, check, explain = published("il.idnr", r"[0-9]{9}", "nine digits, check digit of Luhn")
