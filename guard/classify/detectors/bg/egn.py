"""Bulgarian personal identity number (EGN): birth date with the century in the month, a serial, one check digit
modulo 11.

Reference: Bulgaria, Civil Registration Act art. 11.

>>> check("8032056031"), check("8032056931")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{10}"
PASS_RATE = 0.011
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("egn", "edinen grazhdanski nomer", "national id", "personal id", "保加利亚个人身份号码")

normalise, check, explain = published(
    "bg.egn", r"[0-9]{10}", "birth date with the century in the month, a serial, one check digit modulo 11"
)
