"""Bank branch code of the mainland (CNAPS) (联行号): three digits of bank, four of place, four of branch, one
check digit whose rule is not published.

Reference: 中国人民银行, 支付系统行名行号.

>>> check("102100099996"), check("002100099996")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"9{12}"
PASS_RATE = 0.025
PRIOR = -6.0
CEILING = 1.0
CONTEXT = ("联行号", "行号", "開戶行", "cnaps", "lhh")

_BANKS = re.compile(r"001|011|10[2-5]|20[1-3]|30[1-9]|31[03-9]|32[02]|40[23]")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"(?:[1-9][0-9]{2})[1-9][0-9]{8}").fullmatch,
    ),
    ("a bank class of the people's bank", _BANKS.match),
)

check, explain = verbs(RULES, normalise)
