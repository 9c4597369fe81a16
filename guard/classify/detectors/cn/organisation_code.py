"""Organisation code (组织机构代码), eight characters and a check character; names an organisation, not a person.

Reference: GB 11714-1997: weights 3 7 9 10 5 8 4 2 modulo 11, ten is X.

>>> check("D2143569-X")
True
>>> explain("D2143569-1")
'fails: the check character modulo 11'
"""

from __future__ import annotations

import re

from guard.classify.checkdigit import weighted
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"[9A]{8}-?[9A]"
PASS_RATE = 0.034
COLUMN_RATE = 0.09  # among codes without I, O and the like
PRIOR = -7.0
CEILING = 10.0
CONTEXT = ("组织机构代码", "組織機構代碼", "机构代码", "organisation code", "organization code", "zzjgdm")

_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_FORM = re.compile(r"[0-9A-Z]{8}[0-9X]")


def _check_character(number: str) -> bool:
    return "0X987654321"[weighted([int(char, 36) for char in number[:8]], _WEIGHTS) % 11] == number[8]


RULES: Rules = (
    ("8 digits or capitals and a digit or X", _FORM.fullmatch),
    ("the check character modulo 11", _check_character),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
