"""British VAT number (VAT): nine digits, two check digits modulo 97.

Reference: HM Revenue and Customs, VAT registration numbers.

>>> check("980780684"), check("900780684")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"(?:[Aa]{2})?9{9}|AA 9{3} 9{4} 9{2}"
PASS_RATE = 0.024
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("vat registration", "vat number", "vat no", "vat", "vat id", "英国增值税号")

normalise, check, explain = published("gb.vat", r"(?:GB)?[0-9]{9}", "nine digits, two check digits modulo 97")
