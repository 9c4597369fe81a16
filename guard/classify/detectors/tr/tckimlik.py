"""Turkish personal identity number (TCKN): nine digits, two check digits modulo 10.

Reference: Turkey, MERNİS.

>>> check("17291716060"), check("17291719060")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{10}"
PASS_RATE = 0.0097
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("tckn", "tc kimlik", "tc kimlik no", "national id", "personal id", "土耳其个人身份号码")

normalise, check, explain = published("tr.tckimlik", r"[1-9][0-9]{10}", "nine digits, two check digits modulo 10")
