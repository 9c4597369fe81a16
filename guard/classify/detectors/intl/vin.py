"""Vehicle identification number (车辆识别代号, VIN): 17 characters without I, O and Q, check character at position 9.

References: ISO 3779; GB 16735-2019; 49 CFR 565.15 (weights, modulo 11, ten is X). The check is required in China and
North America.

>>> check("1M8GDM9AXKP042788"), check("1M8GDM9A1KP042788")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.checkdigit import weighted
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"[9A]{17}|[9a]{17}"
PASS_RATE = 0.006
COLUMN_RATE = 0.09  # among codes of such letters
CEILING = 18.0
PRIOR = -2.0
CONTEXT = ("车架号", "車架號", "车辆识别", "識別代號", "vin", "chassis", "vehicle", "cjh")

_VALUE = {
    char: int(value)
    for char, value in zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", "012345678912345678123457923456789", strict=True)
}
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def _check_character(number: str) -> bool:
    return "0123456789X"[weighted([_VALUE[char] for char in number], _WEIGHTS) % 11] == number[8]


RULES: Rules = (
    (
        "17 digits or letters without I, O and Q, and both among them",
        re.compile(r"(?=[0-9]*[A-Z])[0-9A-HJ-NPR-Z]{13}[0-9]{4}").fullmatch,
    ),
    ("the check character at position 9", _check_character),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
