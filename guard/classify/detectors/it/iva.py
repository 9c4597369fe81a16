"""Italian VAT number (partita IVA): eleven digits, check digit of Luhn.

Reference: Italy, DPR 633/1972 art. 35.

>>> check("IT 00743110157"), check("IT 00743110857")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"(?:[Aa]{2})?9{11}"
PASS_RATE = 0.0075
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("partita iva", "p iva", "vat", "vat id", "意大利增值税号")

normalise, check, explain = published("it.iva", r"(?:IT)?[0-9]{11}", "eleven digits, check digit of Luhn")
