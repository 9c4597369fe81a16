"""Telephone number of the North American Numbering Plan, written with separators or brackets.

Reference: NANPA, NPA-NXX rules: area and exchange codes begin with 2 to 9 and do not end in 11.

>>> check("(202) 555-0143"), check("202-555-0143 x12"), check("102-555-0143"), check("202-911-0143")
(True, True, False, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"(?:\+?9[-. ]?)?\(?9{3}\)?[-. /]{0,2}9{3}[-. ]?9{4}(?: ?[Aa]{1,3}\.? ?9{1,6})?"
PASS_RATE = 0.6
PRIOR = -2.0
CEILING = 9.0
MINIMUM = 3
WRITTEN = r"(?:\+?9[-. ]?)?\(?9{3}\)?[-. /]{1,2}9{3}[-. ]9{4}.*"
CONTEXT = ("phone", "tel", "telephone", "mobile", "cell", "fax", "call", "contact", "whatsapp", "电话")

_FORM = re.compile(
    r"(?:\+?1[-. ]?)?(?:\([2-9][0-9]{2}\)|[2-9][0-9]{2})[-. /]{0,2}(?!.11)[2-9][0-9]{2}[-. ]?[0-9]{4}(?: ?(?:x|"
    r"ext)\.? ?[0-9]{1,6})?"
)

RULES: Rules = (("an area code, an exchange code and a line number", _FORM.fullmatch),)


def normalise(text: str) -> str:
    """In small letters, without surrounding space."""
    return text.strip().lower()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
