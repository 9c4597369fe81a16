"""Guatemalan tax number of a person or firm (NIT): digits and a check character modulo 11.

Reference: Guatemala, SAT, NIT.

>>> check("39525503"), check("38525503")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{1,11}[9Aa]|9{5,9}-[9Aa]"
PASS_RATE = 0.033
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("nit guatemala", "nit", "tax id", "tin", "危地马拉税号")

normalise, check, explain = published("gt.nit", r"[0-9]{1,11}[0-9K]", "digits and a check character modulo 11")
