"""Slovak personal identity number (RČ): as the Czech birth number.

Reference: Slovakia, act 301/1995.

>>> check("7103192745"), check("7103132745")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{9,10}|9{6}/9{3,4}"
PASS_RATE = 0.084
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("rodne cislo sk", "national id", "personal id", "斯洛伐克个人身份号码")

normalise, check, explain = published("sk.rc", r"[0-9]{9,10}", "as the Czech birth number")
