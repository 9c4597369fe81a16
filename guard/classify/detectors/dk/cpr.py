"""Danish personal identity number (CPR): birth date ddmmyy and a serial whose first digit tells the century.

Reference: Denmark, CPR-loven.

>>> check("2110625629"), check("137125-5915")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{10}|9{6}-9{4}"
PASS_RATE = 0.032
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("cpr", "cpr nummer", "personnummer", "national id", "personal id", "丹麦个人身份号码")

normalise, check, explain = published(
    "dk.cpr", r"[0-9]{10}", "birth date ddmmyy and a serial whose first digit tells the century"
)
