"""Belgian personal identity number (NN): birth date yymmdd, a serial, two check digits modulo 97.

Reference: Belgium, royal decree of 3 April 1984.

>>> check("85073003328"), check("05073003328")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{11}|9{2}[.]9{2}[.]9{2}-9{3}[.]9{2}"
PASS_RATE = 0.0017
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = (
    "rijksregisternummer",
    "insz",
    "niss",
    "numero national",
    "national id",
    "personal id",
    "比利时个人身份号码",
)

normalise, check, explain = published("be.nn", r"[0-9]{11}", "birth date yymmdd, a serial, two check digits modulo 97")
