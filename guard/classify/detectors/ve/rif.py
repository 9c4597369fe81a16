"""Venezuelan tax number of a person or firm (RIF): a letter of the kind, eight digits, a check digit modulo 11.

Reference: Venezuela, SENIAT.

>>> check("V-11470283-4"), check("E270699982")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]9{9}|[Aa]-9{8}-9"
PASS_RATE = 0.021
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("rif", "tax id", "tin", "委内瑞拉税号")

normalise, check, explain = published(
    "ve.rif", r"[VEJPG][0-9]{9}", "a letter of the kind, eight digits, a check digit modulo 11"
)
