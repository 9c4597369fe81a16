"""British personal tax number (UTR): a check digit modulo 11, nine digits.

Reference: HM Revenue and Customs, UTR.

>>> check("1955839661"), check("1957839661")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{10}|9{5} 9{5}"
PASS_RATE = 0.103
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("utr", "unique taxpayer reference", "tax id", "tin", "英国个人税号")

normalise, check, explain = published("gb.utr", r"[0-9]{10}", "a check digit modulo 11, nine digits")
