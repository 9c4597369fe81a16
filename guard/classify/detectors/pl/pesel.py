"""Polish personal identity number (PESEL): birth date with the century in the month, a serial, check digit modulo 10.

Reference: Poland, Ustawa o ewidencji ludności art. 15.

>>> check("44051401359"), check("44051701359")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{11}"
PASS_RATE = 0.019
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("pesel", "national id", "personal id", "波兰个人身份号码")

normalise, check, explain = published(
    "pl.pesel", r"[0-9]{11}", "birth date with the century in the month, a serial, check digit modulo 10"
)
