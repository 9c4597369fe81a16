"""Blood group (血型) in the ABO and Rh systems.

Reference: ISBT 128 and the forms of Chinese records (A型, AB型 Rh阴性).

>>> check("AB型"), check("O+"), check("RH阴性"), check("C")
(True, True, True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"[Aa9]{1,2}[汉+-]{0,3}(?: ?[Aa]{2}[汉+-]{1,3}| ?\([+-]\))?"
PASS_RATE = 0.03
PRIOR = -5.0
CEILING = 5.0
MINIMUM = 2
TEXT = False  # one letter in running text means anything
CONTEXT = ("血型", "blood", "blood type", "blood group", "abo", "xx")

RULES: Rules = (
    (
        "a group of ABO or Rh",
        re.compile(
            r"(?:AB|A|B|O|0)(?:型)?(?: ?(?:RH)?[(]?[+-][)]?| ?RH[阴陰阳陽]性)?|RH(?:[+-]|[阴陰阳陽]性)"
        ).fullmatch,
    ),
)


def normalise(text: str) -> str:
    """In capitals, without surrounding space."""
    return text.strip().upper()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
