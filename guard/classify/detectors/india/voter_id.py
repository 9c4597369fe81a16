"""Indian personal identity number (EPIC): three letters and seven digits, check digit of Luhn.

Reference: Election Commission of India, EPIC.

>>> check("WKH1186253"), check("WEP0086351")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]{3}9{7}"
PASS_RATE = 0.11
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("epic number", "voter id", "epic", "national id", "personal id", "印度个人身份号码")

normalise, check, explain = published(
    "in_.epic", r"[A-Z]{3}[0-9]{7}", "three letters and seven digits, check digit of Luhn"
)
