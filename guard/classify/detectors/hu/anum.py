"""Hungarian VAT number (ANUM): eight digits, check digit modulo 10.

Reference: Hungary, NAV, adószám.

>>> check("HU-12892312"), check("53766853")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"(?:[Aa]{2})?9{8}|9{8}-9-9{2}"
PASS_RATE = 0.026
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("adoszam", "kozossegi adoszam", "vat", "vat id", "匈牙利增值税号")

normalise, check, explain = published("hu.anum", r"(?:HU)?[0-9]{8}", "eight digits, check digit modulo 10")
