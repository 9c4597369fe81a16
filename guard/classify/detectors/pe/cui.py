"""Peruvian personal identity number (CUI): eight digits and a check character modulo 11.

Reference: Peru, RENIEC.

>>> check("10117410-2"), check("54304859I")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{8}[9Aa]|9{8}-[9Aa]"
PASS_RATE = 0.064
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("cui peru", "dni", "national id", "personal id", "秘鲁个人身份号码")

normalise, check, explain = published("pe.cui", r"[0-9]{8}[0-9A-K]", "eight digits and a check character modulo 11")
