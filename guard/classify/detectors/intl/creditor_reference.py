"""Creditor reference: RF, two check digits of ISO 7064 MOD 97-10, at most 21 characters.

Reference: ISO 11649.

>>> check("RF18 5390 0754 7034"), check("RF18 5390 0754 7031")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]{2}9{2}[9Aa]{1,21}"
PASS_RATE = 0.0001
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 12.0
CONTEXT = ("creditor reference", "债权人参考号")

normalise, check, explain = published(
    "iso11649", r"RF[0-9]{2}[0-9A-Z]{1,21}", "RF, two check digits of ISO 7064 MOD 97-10, at most 21 characters"
)
