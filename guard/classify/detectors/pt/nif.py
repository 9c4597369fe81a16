"""Portuguese tax number of a person or firm (NIF): eight digits, check digit modulo 11.

Reference: Portugal, Decreto-Lei 14/2013.

>>> check("603986889"), check("653986889")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{8}|9{3} 9{3} 9{3}"
PASS_RATE = 0.095
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("nif", "contribuinte", "tax id", "tin", "葡萄牙税号")

normalise, check, explain = published("pt.nif", r"[1-9][0-9]{8}", "eight digits, check digit modulo 11")
