"""Italian personal tax number (CF): letters of the names, birth date, municipality, a check letter modulo 26.

Reference: Italy, DM 23 December 1976.

>>> check("RCCMNL83S18D969H"), check("RCCMNL73S18D969H")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]{6}[9Aa]{2}[Aa][9Aa]{2}[Aa][9Aa]{3}[Aa]"
PASS_RATE = 0.00026
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 12.0
CONTEXT = ("codice fiscale", "codicefiscale", "tax id", "tin", "意大利个人税号")

normalise, check, explain = published(
    "it.codicefiscale",
    r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]",
    "letters of the names, birth date, municipality, a check letter modulo 26",
)
