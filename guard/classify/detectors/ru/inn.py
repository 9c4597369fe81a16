"""Russian tax number of a person or firm (ИНН): ten digits (firms) or twelve (persons), check digits modulo 11.

Reference: Russia, FNS order ММВ-7-6/435.

>>> check("1234567894"), check("1234567494")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{10}(?:9{2})?"
PASS_RATE = 0.052
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("inn", "инн", "tax id", "tin", "俄罗斯税号")

normalise, check, explain = published(
    "ru.inn", r"[0-9]{10}(?:[0-9]{2})?", "ten digits (firms) or twelve (persons), check digits modulo 11"
)
