"""Czech personal identity number (RČ): birth date with 50 added to the month of women, a serial, divisible by 11.

Reference: Czech Republic, act 133/2000 section 13.

>>> check("7103192745"), check("7803192745")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{9,10}|9{6}/9{3,4}"
PASS_RATE = 0.088
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("rodne cislo", "rc cislo", "birth number", "national id", "personal id", "捷克个人身份号码")

normalise, check, explain = published(
    "cz.rc", r"[0-9]{9,10}", "birth date with 50 added to the month of women, a serial, divisible by 11"
)
