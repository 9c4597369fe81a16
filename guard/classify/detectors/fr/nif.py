"""French personal tax number (NIF): thirteen digits, the last three modulo 511.

Reference: France, DGFiP, numéro fiscal de référence.

>>> check("3023217600053"), check("3023297600053")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{12}|9{2} 9{2} 9{3} 9{3} 9{3}"
PASS_RATE = 0.00053
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("numero fiscal", "spi", "tax id", "tin", "法国个人税号")

normalise, check, explain = published("fr.nif", r"[0-3][0-9]{12}", "thirteen digits, the last three modulo 511")
