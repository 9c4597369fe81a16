"""Pakistani personal identity number (CNIC): a province, a locality, a family, a digit of the sex.

Reference: Pakistan, NADRA.

>>> check("3420108912318"), check("3215056264800")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{12}|9{5}-9{7}-9"
PASS_RATE = 0.66
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("cnic", "national id", "personal id", "巴基斯坦个人身份号码")

normalise, check, explain = published(
    "pk.cnic", r"[1-7][0-9]{12}", "a province, a locality, a family, a digit of the sex"
)
