"""Finnish company number (Y-tunnus): seven digits, check digit modulo 11.

Reference: Finland, PRH/YTJ, Y-tunnus.

>>> check("2077474-0"), check("3077474-0")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{8}|9{7}-9"
PASS_RATE = 0.094
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("y tunnus", "ytunnus", "芬兰企业登记号")

normalise, check, explain = published("fi.ytunnus", r"[0-9]{8}", "seven digits, check digit modulo 11")
