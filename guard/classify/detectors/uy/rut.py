"""Uruguayan tax number of a person or firm (RUT): twelve digits, check digit modulo 11.

Reference: Uruguay, DGI.

>>> check("21-100342-001-7"), check("21-103342-001-7")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{12}"
PASS_RATE = 0.0001
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 12.0
CONTEXT = ("rut uruguay", "rut", "tax id", "tin", "乌拉圭税号")

normalise, check, explain = published("uy.rut", r"[0-9]{12}", "twelve digits, check digit modulo 11")
