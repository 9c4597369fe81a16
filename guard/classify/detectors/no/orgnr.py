"""Norwegian company number (orgnr): eight digits, check digit modulo 11.

Reference: Norway, Brønnøysundregistrene.

>>> check("988077917"), check("288077917")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{8}|9{3} 9{3} 9{3}"
PASS_RATE = 0.021
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("orgnr", "organisasjonsnummer", "挪威企业登记号")

normalise, check, explain = published("no.orgnr", r"[89][0-9]{8}", "eight digits, check digit modulo 11")
