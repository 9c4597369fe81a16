"""French social insurance number (NIR): sex, year, month, place of birth, a serial, two check digits modulo 97.

Reference: France, décret 82-103, INSEE.

>>> check("295109912611193"), check("295100912611193")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{4}9[9Aa]9{8}|9 9{2} 9{2} 9{2} 9{3} 9{3} 9{2}"
PASS_RATE = 0.0055
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("nir", "numero securite sociale", "insee number", "social security", "法国社会保险号")

normalise, check, explain = published(
    "fr.nir",
    r"[1-8][0-9]{4}[0-9][0-9AB][0-9]{8}",
    "sex, year, month, place of birth, a serial, two check digits modulo 97",
)
