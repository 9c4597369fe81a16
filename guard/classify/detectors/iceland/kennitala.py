"""Icelandic personal identity number (kennitala): birth date ddmmyy, a serial, a check digit modulo 11, a century.

Reference: Iceland, Þjóðskrá, kennitala.

>>> check("1201743399"), check("1201743398")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{10}|9{6}-9{4}"
PASS_RATE = 0.0021
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("kennitala", "national id", "personal id", "冰岛个人身份号码")

normalise, check, explain = published(
    "is_.kennitala", r"[0-9]{10}", "birth date ddmmyy, a serial, a check digit modulo 11, a century"
)
