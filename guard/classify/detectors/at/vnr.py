"""Austrian social insurance number (SVNR): a serial of three digits, a check digit modulo 11, a birth date ddmmyy.

Reference: Austria, Dachverband der Sozialversicherungsträger.

>>> check("1237 010180"), check("1217 010180")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{10}|9{4} 9{6}"
PASS_RATE = 0.09
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("svnr", "sozialversicherungsnummer", "versicherungsnummer", "social security", "奥地利社会保险号")

normalise, check, explain = published(
    "at.vnr", r"[0-9]{10}", "a serial of three digits, a check digit modulo 11, a birth date ddmmyy"
)
