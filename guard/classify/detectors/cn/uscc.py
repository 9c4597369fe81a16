"""Unified social credit code of an organisation (统一社会信用代码), 18 characters.

Department, kind of organisation, six digits of region, nine characters of organisation code (with its own check), one
check character modulo 31. A business identifier: it names an organisation, not a person. 3 % of valid resident
numbers also pass, and then the resident number is by far the likelier reading.

References: GB 32100-2015; GB 11714-1997 for the embedded organisation code.

>>> check("91350100M000100Y43")
True
>>> explain("91350100M000100Y44")
'fails: the check character modulo 31'
"""

from __future__ import annotations

import re

from guard.classify import region
from guard.classify.checkdigit import weighted
from guard.classify.detectors.cn import organisation_code
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"[9Aa]{2}9{6}[9Aa]{10}"
PASS_RATE = 3e-4
CONTEXT = (
    "统一社会信用代码",
    "統一社會信用代碼",
    "信用代码",
    "纳税人识别号",
    "税号",
    "uscc",
    "credit code",
    "tax number",
    "tyshxydm",
)

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z
_VALUE = {char: value for value, char in enumerate(_ALPHABET)}
_WEIGHTS = tuple(pow(3, index, 31) for index in range(17))
_FORM = re.compile(rf"[1-9ANY][1-9A-HJ-NPQRTUWXY][0-9]{{6}}[{_ALPHABET}]{{10}}")


def _check_character(number: str) -> bool:
    total = weighted([_VALUE[char] for char in number[:17]], _WEIGHTS)
    return _ALPHABET[-total % 31] == number[17]


RULES: Rules = (
    ("18 characters without I, O, S, V, Z, with six digits of region", _FORM.fullmatch),
    (
        "a province and prefecture of GB/T 2260, or 100000",
        lambda number: number[2:8] == "100000" or region.known(number[2:8]),
    ),
    ("the check character modulo 31", _check_character),
    ("the check of the embedded organisation code", lambda number: organisation_code.check(number[8:17])),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
