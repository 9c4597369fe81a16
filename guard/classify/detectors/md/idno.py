"""Moldovan company number (IDNO): thirteen digits, check digit modulo 10.

Reference: Moldova, IDNO.

>>> check("1008600038413"), check("1008500038413")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{13}"
PASS_RATE = 0.11
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("idno", "摩尔多瓦企业登记号")

normalise, check, explain = published("md.idno", r"[0-9]{13}", "thirteen digits, check digit modulo 10")
