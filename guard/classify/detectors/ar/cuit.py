"""Argentine tax number of a person or firm (CUIT/CUIL): a type, eight digits, one check digit modulo 11.

Reference: Argentina, ARCA (formerly AFIP), CUIT.

>>> check("20267565393"), check("20297565393")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{11}|9{2}-9{8}-9"
PASS_RATE = 0.0092
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("cuit", "cuil", "tax id", "tin", "阿根廷税号")

normalise, check, explain = published("ar.cuit", r"[0-9]{11}", "a type, eight digits, one check digit modulo 11")
