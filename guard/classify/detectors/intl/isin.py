"""Security identifier (ISIN): a country, nine characters, check digit of Luhn.

Reference: ISO 6166.

>>> check("US0378331005"), check("US0338331005")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]{2}[9Aa]{9}9"
PASS_RATE = 0.042
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("isin", "证券识别码")

normalise, check, explain = published(
    "isin", r"[A-Z]{2}[0-9A-Z]{9}[0-9]", "a country, nine characters, check digit of Luhn"
)
