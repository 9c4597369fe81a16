"""Ecuadorian personal identity number (CI): a province, a type below six, check digit modulo 10.

Reference: Ecuador, Registro Civil.

>>> check("171430710-3"), check("178430710-3")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{10}|9{9}-9"
PASS_RATE = 0.017
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("cedula identidad", "cedula", "national id", "personal id", "厄瓜多尔个人身份号码")

normalise, check, explain = published("ec.ci", r"[0-9]{10}", "a province, a type below six, check digit modulo 10")
