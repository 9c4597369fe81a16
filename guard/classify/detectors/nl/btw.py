"""Dutch VAT number (btw): nine digits modulo 11, or ISO 7064 MOD 97-10, B, two digits.

Reference: Netherlands, Belastingdienst, btw-identificatienummer.

>>> check("NL002455799B11"), check("NL002455599B11")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"(?:[Aa]{2})?9{9}[Aa]9{2}"
PASS_RATE = 0.0017
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("btw nummer", "btw id", "vat", "vat id", "荷兰增值税号")

normalise, check, explain = published(
    "nl.btw", r"(?:NL)?[0-9]{9}B[0-9]{2}", "nine digits modulo 11, or ISO 7064 MOD 97-10, B, two digits"
)
