"""Greek social insurance number (AMKA): birth date ddmmyy, a serial, check digit of Luhn.

Reference: Greece, law 3655/2008, AMKA.

>>> check("01013099997"), check("61013099997")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{11}"
PASS_RATE = 0.0045
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("amka", "social security", "希腊社会保险号")

normalise, check, explain = published("gr.amka", r"[0-9]{11}", "birth date ddmmyy, a serial, check digit of Luhn")
