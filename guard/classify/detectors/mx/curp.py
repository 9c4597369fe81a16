"""Mexican personal identity number (CURP): letters of the names, birth date, sex, state, consonants, a check digit.

Reference: Mexico, RENAPO, Instructivo Normativo CURP.

>>> check("BOXW310820HNERXN09"), check("BOXW310520HNERXN09")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]{4}9{6}[Aa][Aa]{5}[9Aa]9"
PASS_RATE = 0.0001
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 12.0
CONTEXT = ("curp", "national id", "personal id", "墨西哥个人身份号码")

normalise, check, explain = published(
    "mx.curp",
    r"[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]",
    "letters of the names, birth date, sex, state, consonants, a check digit",
)
