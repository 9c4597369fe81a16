"""Swedish company number (orgnr): nine digits, check digit of Luhn.

Reference: Sweden, Bolagsverket.

>>> check("123456-7897"), check("123453-7897")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{10}|9{6}-9{4}"
PASS_RATE = 0.11
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("organisationsnummer", "瑞典企业登记号")

normalise, check, explain = published("se.orgnr", r"[0-9]{10}", "nine digits, check digit of Luhn")
