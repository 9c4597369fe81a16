"""New Zealand personal tax number (IRD): seven or eight digits, a check digit modulo 11 in two rounds.

Reference: New Zealand, Inland Revenue.

>>> check("49098576"), check("59-722-251")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{8,9}|9{2,3}-9{3}-9{3}"
PASS_RATE = 0.056
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("ird", "ird number", "tax id", "tin", "新西兰个人税号")

normalise, check, explain = published(
    "nz.ird", r"[0-9]{8,9}", "seven or eight digits, a check digit modulo 11 in two rounds"
)
