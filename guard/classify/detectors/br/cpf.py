"""Brazilian personal tax number (CPF): nine digits and two check digits modulo 11.

Reference: Receita Federal do Brasil, Instrução Normativa RFB 1548.

>>> check("390.533.447-05"), check("690.533.447-05")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{11}|9{3}[.]9{3}[.]9{3}-9{2}"
PASS_RATE = 0.011
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("cpf", "cadastro de pessoas", "tax id", "tin", "巴西个人税号")

normalise, check, explain = published("br.cpf", r"[0-9]{11}", "nine digits and two check digits modulo 11")
