"""Kenyan tax number of a person or firm (PIN): A or P, nine digits, a letter.

Reference: Kenya Revenue Authority, PIN.

>>> check("a004416331m"), check("L283868877R")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]9{9}[Aa]"
PASS_RATE = 0.079
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("kra pin", "tax id", "tin", "肯尼亚税号")

normalise, check, explain = published("ke.pin", r"[AP][0-9]{9}[A-Z]", "A or P, nine digits, a letter")
