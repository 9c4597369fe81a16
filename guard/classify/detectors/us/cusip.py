"""Security identifier of North America (CUSIP): eight characters, check digit modulo 10.

Reference: ANSI X9.6.

>>> check("4747Q#M@6"), check("4547Q#M@6")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{3}[#*9@Aa]{5}9"
PASS_RATE = 0.11
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("cusip", "北美证券代码")

normalise, check, explain = published(
    "cusip", r"[0-9]{3}[0-9A-Z*@#]{5}[0-9]", "eight characters, check digit modulo 10"
)
