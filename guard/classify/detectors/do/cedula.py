"""Dominican personal identity number (cédula): eleven digits, check digit of Luhn.

Reference: Dominican Republic, Junta Central Electoral.

>>> check("22400022111"), check("22500022111")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{11}|9{3}-9{7}-9"
PASS_RATE = 0.104
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("cedula dominicana", "cedula", "national id", "personal id", "多米尼加个人身份号码")

normalise, check, explain = published("do.cedula", r"[0-9]{11}", "eleven digits, check digit of Luhn")
