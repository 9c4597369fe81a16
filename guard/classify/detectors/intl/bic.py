"""Bank identifier (BIC, SWIFT): four letters of bank, two of country, two of place, at most three of branch.

Reference: ISO 9362.

>>> check("agriFRPP"), check("tRXdRGofOV3")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]{6}[9Aa]{2}(?:[9Aa]{3})?"
PASS_RATE = 0.39
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("bic", "swift", "swift code", "bic code", "银行识别代码")

normalise, check, explain = published(
    "bic",
    r"[A-Z]{6}[0-9A-Z]{2}(?:[0-9A-Z]{3})?",
    "four letters of bank, two of country, two of place, at most three of branch",
)
