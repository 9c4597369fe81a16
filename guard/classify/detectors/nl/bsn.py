"""Dutch personal identity number (BSN): nine digits with a weighted sum modulo 11.

Reference: Netherlands, Wet algemene bepalingen burgerservicenummer.

>>> check("111222333"), check("151222333")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{9}"
PASS_RATE = 0.095
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("bsn", "burgerservicenummer", "sofinummer", "national id", "personal id", "荷兰个人身份号码")

normalise, check, explain = published("nl.bsn", r"[0-9]{9}", "nine digits with a weighted sum modulo 11")
