"""Colombian tax number of a person or firm (NIT): digits and one check digit modulo 11 over prime weights.

Reference: Colombia, DIAN, orden administrativa 4 of 1989.

>>> check("2131234321"), check("2131234421")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{8,16}|9{3}[.]9{3}[.]9{3}-9"
PASS_RATE = 0.1
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("nit", "tax id", "tin", "哥伦比亚税号")

normalise, check, explain = published(
    "co.nit", r"[0-9]{8,16}", "digits and one check digit modulo 11 over prime weights"
)
