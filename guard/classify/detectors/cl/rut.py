"""Chilean tax number of a person or firm (RUT/RUN): seven or eight digits, a check character modulo 11.

Reference: Chile, Servicio de Registro Civil e Identificación.

>>> check("125319092"), check("125314092")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{7,8}[9Aa]|9{1,2}[.]9{3}[.]9{3}-[9AaKk]"
PASS_RATE = 0.051
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("rut", "run chile", "tax id", "tin", "智利税号")

normalise, check, explain = published(
    "cl.rut", r"[0-9]{7,8}[0-9K]", "seven or eight digits, a check character modulo 11"
)
