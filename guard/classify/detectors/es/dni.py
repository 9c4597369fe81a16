"""Spanish personal identity number (DNI): eight digits and a letter modulo 23.

Reference: Spain, Real Decreto 1553/2005.

>>> check("54362315-K"), check("47797674-G")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{8}[Aa]|9{8}-[Aa]"
PASS_RATE = 0.041
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("dni", "documento nacional identidad", "national id", "personal id", "西班牙个人身份号码")

normalise, check, explain = published("es.dni", r"[0-9]{8}[A-Z]", "eight digits and a letter modulo 23")
