"""Slovenian personal identity number (EMŠO): birth date, region, a serial, check digit modulo 11.

Reference: Slovenia, ZCRP.

>>> check("0101006500006"), check("0101106500006")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{13}"
PASS_RATE = 0.0038
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("emso", "jmbg", "national id", "personal id", "斯洛文尼亚个人身份号码")

normalise, check, explain = published("si.emso", r"[0-9]{13}", "birth date, region, a serial, check digit modulo 11")
