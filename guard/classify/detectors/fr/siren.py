"""French company number (SIREN): nine digits, check digit of Luhn.

Reference: France, Code de commerce R123-221.

>>> check("404833048"), check("404833044")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{9}|9{3} 9{3} 9{3}"
PASS_RATE = 0.11
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("siren", "法国企业登记号")

normalise, check, explain = published("fr.siren", r"[0-9]{9}", "nine digits, check digit of Luhn")
