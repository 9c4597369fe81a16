"""Romanian personal identity number (CNP): sex and century, birth date, county, a serial, check digit modulo 11.

Reference: Romania, legea 105/1996.

>>> check("1630615123457"), check("4630615123457")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{12}"
PASS_RATE = 0.0018
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("cnp", "cod numeric personal", "national id", "personal id", "罗马尼亚个人身份号码")

normalise, check, explain = published(
    "ro.cnp", r"[1-9][0-9]{12}", "sex and century, birth date, county, a serial, check digit modulo 11"
)
