"""Patent number of the mainland (专利号): year, kind of patent, seven digits of serial, a check character:
weights 2 to 9 and 2 to 5, modulo 11, X for ten.

Reference: 国家知识产权局 ZC 0006-2003, 专利申请号标准.

>>> check("ZL 200310102344.5"), check("2003101023448")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.checkdigit import weighted
from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"(?:[Aa]{2} ?)?9{12}[.]?[9Aa]"
PASS_RATE = 0.00016
PRIOR = -5.0
CEILING = 12.0
CONTEXT = ("专利", "專利", "patent", "zlh")

_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def _check_character(number: str) -> bool:
    digits = number[-13:-1]
    return "0123456789X"[weighted(list(map(int, digits)), _WEIGHTS) % 11] == number[-1]


RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"(?:ZL|CN)?(?:19|20)[0-9]{2}[12389][0-9]{7}[0-9X]").fullmatch,
    ),
    ("the check character modulo 11", _check_character),
)

check, explain = verbs(RULES, normalise)
