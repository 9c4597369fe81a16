"""Swedish personal identity number (personnummer): birth date, a serial, check digit of Luhn.

Reference: Sweden, Folkbokföringslagen section 18.

>>> check("8803200016"), check("8503200016")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"(?:9{2})?9{10}|(?:9{2})?9{6}[-+]9{4}"
PASS_RATE = 0.0026
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("personnummer", "pnr", "national id", "personal id", "瑞典个人身份号码")

normalise, check, explain = published(
    "se.personnummer", r"(?:[0-9]{2})?[0-9]{10}", "birth date, a serial, check digit of Luhn"
)
