"""Estonian personal identity number (IK): century and sex, birth date, a serial, check digit modulo 11 in two rounds.

Reference: Estonia, EVS 585:2007.

>>> check("36805280109"), check("36855280109")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{10}"
PASS_RATE = 0.0035
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("isikukood", "national id", "personal id", "爱沙尼亚个人身份号码")

normalise, check, explain = published(
    "ee.ik", r"[1-8][0-9]{10}", "century and sex, birth date, a serial, check digit modulo 11 in two rounds"
)
