"""Trade item number (EAN, GTIN): twelve digits, a check digit with weights 1 and 3.

Reference: GS1 General Specifications 7.9.

>>> check("978-0-471-11709-4"), check("978-0-411-11709-4")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{13}"
PASS_RATE = 0.11
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("ean", "gtin", "barcode", "ean13", "条码", "条形码", "商品条码")

normalise, check, explain = published("ean", r"[0-9]{13}", "twelve digits, a check digit with weights 1 and 3")
