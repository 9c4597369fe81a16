"""German VAT number (USt-IdNr): DE and nine digits, check digit of ISO 7064 MOD 11,10.

Reference: Germany, UStG section 27a.

>>> check("DE136695976"), check("DE336695976")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"(?:[Aa]{2})?99{8}|AA 9{9}"
PASS_RATE = 0.07
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("ust idnr", "ustid", "umsatzsteuer id", "vat", "vat id", "德国增值税号")

normalise, check, explain = published(
    "de.vat", r"(?:DE)?[1-9][0-9]{8}", "DE and nine digits, check digit of ISO 7064 MOD 11,10"
)
