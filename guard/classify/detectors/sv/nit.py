"""Salvadoran tax number of a person or firm (NIT): municipality, date, a serial, a check digit.

Reference: El Salvador, Ministerio de Hacienda.

>>> check("06140507071048"), check("06140507071043")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{14}|9{4}-9{6}-9{3}-9"
PASS_RATE = 0.029
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("nit sv", "nit", "tax id", "tin", "萨尔瓦多税号")

normalise, check, explain = published("sv.nit", r"[0-9]{14}", "municipality, date, a serial, a check digit")
