"""Norwegian personal identity number (fødselsnummer): birth date ddmmyy, an individual number, two check digits
modulo 11.

Reference: Norway, Folkeregisterloven.

>>> check("151086 95088"), check("151086 75088")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{11}|9{6} 9{5}"
PASS_RATE = 0.0011
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("fodselsnummer", "fnr", "national id", "personal id", "挪威个人身份号码")

normalise, check, explain = published(
    "no.fodselsnummer", r"[0-9]{11}", "birth date ddmmyy, an individual number, two check digits modulo 11"
)
