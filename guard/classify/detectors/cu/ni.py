"""Cuban personal identity number (NI): birth date yymmdd, a century digit, a serial.

Reference: Cuba, Ministerio del Interior, número de identidad.

>>> check("91021027775"), check("95792755979")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{11}"
PASS_RATE = 0.044
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("carnet de identidad", "national id", "personal id", "古巴个人身份号码")

normalise, check, explain = published("cu.ni", r"[0-9]{11}", "birth date yymmdd, a century digit, a serial")
