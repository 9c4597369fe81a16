"""Security identifier of London (SEDOL): six characters without vowels, check digit modulo 10.

Reference: London Stock Exchange, SEDOL.

>>> check("B15KXQ8"), check("B65KXQ8")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[9Aa]{6}9"
PASS_RATE = 0.031
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("sedol", "伦敦证券代码")

normalise, check, explain = published(
    "gb.sedol", r"[0-9B-DF-HJ-NP-TV-Z]{6}[0-9]", "six characters without vowels, check digit modulo 10"
)
