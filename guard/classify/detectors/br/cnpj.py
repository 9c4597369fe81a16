"""Brazilian company number (CNPJ): eight digits, four of branch, two check digits modulo 11.

Reference: Receita Federal do Brasil, CNPJ.

>>> check("16727230000197"), check("16727230500197")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{14}|9{2}[.]9{3}[.]9{3}/9{4}-9{2}"
PASS_RATE = 0.012
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("cnpj", "巴西企业登记号")

normalise, check, explain = published(
    "br.cnpj", r"[0-9]{14}", "eight digits, four of branch, two check digits modulo 11"
)
