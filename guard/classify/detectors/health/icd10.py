"""Diagnosis code of ICD-10 (疾病编码), with the extensions of China (ICD-10 国标版) and the United States (ICD-10-CM).

A letter, two digits (the third character may be a letter in ICD-10-CM), then a dot and up to four characters, or `x`
and three digits.

References: WHO ICD-10 (2019); GB/T 14396-2016 (疾病分类与代码).

>>> check("E11.9"), check("I10.x00"), check("A1B"), check("11.9")
(True, True, False, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"A9[9A](?:\.[9Aa]{1,7}\+?\*?)?"
PASS_RATE = 0.25
PRIOR = -6.0
CEILING = 7.5
MINIMUM = 3
WRITTEN = r"A99\..+"
CONTEXT = ("诊断", "診斷", "疾病编码", "病种", "icd", "icd10", "diagnosis", "diagnosed", "zd", "zdbm", "jbbm")

_FORM = re.compile(r"[A-TV-Z][0-9][0-9](?:\.(?:[0-9A-Z]{1,4}|[0-9]{0,3}[Xx][0-9]{2,3})[+*]?)?")

RULES: Rules = (("a letter, two digits, and a dotted extension", _FORM.fullmatch),)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
