"""French company number (SIRET): a SIREN, a branch, check digit of Luhn.

Reference: France, Code de commerce R123-221.

>>> check("73282932000074"), check("73282932040074")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{14}|9{3} 9{3} 9{3} 9{5}"
PASS_RATE = 0.0101
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("siret", "法国企业登记号")

normalise, check, explain = published("fr.siret", r"[0-9]{14}", "a SIREN, a branch, check digit of Luhn")
