"""Danish company number (CVR): eight digits with a weighted sum modulo 11.

Reference: Denmark, Det Centrale Virksomhedsregister.

>>> check("DK 13585628"), check("DK 13485628")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"(?:[Aa]{2})?99{7}"
PASS_RATE = 0.043
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("cvr", "cvr nummer", "丹麦企业登记号")

normalise, check, explain = published("dk.cvr", r"(?:DK)?[1-9][0-9]{7}", "eight digits with a weighted sum modulo 11")
