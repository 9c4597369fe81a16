"""Passport number of the mainland (护照号码): nine characters, no check digit.

Ordinary: E and 8 digits, then (since 2017) E, a letter without I and O, and 7 digits; older G; diplomatic, service and
public-affairs series D, S, P and DE, SE, PE.

Reference: National Immigration Administration, notices on the numbering of ordinary passports (2012, 2017).

>>> check("E12345678"), check("EA1234567"), check("EI1234567")
(True, True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"A9{8}|AA9{7}"
PASS_RATE = 0.12
PRIOR = -6.0
CEILING = 6.5
MINIMUM = 3
CONTEXT = ("护照", "護照", "passport", "travel document", "证件号", "hz", "hzh", "hzhm")

_FORM = re.compile(r"[EGDSP][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|[DSP]E[0-9]{7}")

RULES: Rules = (("a series letter of the mainland's passports and 7 or 8 digits", _FORM.fullmatch),)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
