"""Irish personal identity number (PPS): seven digits, a check letter modulo 23, at most one more letter.

Reference: Ireland, Social Welfare Consolidation Act 2005.

>>> check("6433435OA"), check("0959988E")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{7}[Aa][Aa]?"
PASS_RATE = 0.024
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("pps", "ppsn", "pps number", "national id", "personal id", "爱尔兰个人身份号码")

normalise, check, explain = published(
    "ie.pps", r"[0-9]{7}[A-W][ABWTX]?", "seven digits, a check letter modulo 23, at most one more letter"
)
