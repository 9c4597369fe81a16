"""Vehicle registration plate of the mainland (机动车号牌).

A province character, a letter of the issuing office, five digits or letters (no I and O; at most two letters), or a
suffix for special use; new-energy plates have six: a letter first (small cars) or last (large ones). WJ and military
plates are left out.

Reference: GA 36-2018 (中华人民共和国机动车号牌).

>>> check("京A12345"), check("粤B·D12345"), check("沪AF12345"), check("京I12345"), check("京AABC12")
(True, True, True, False, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"汉[Aa][·.\- ]?[9Aa]{4,6}汉?"
PASS_RATE = 2e-4  # for a random frequent character before letters and digits
ANCHORED = True
PRIOR = 0.0
CONTEXT = ("车牌", "車牌", "号牌", "牌照", "plate", "license plate", "cph", "cphm", "hphm")

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_FORM = re.compile(
    rf"[{PROVINCES}][A-HJ-NP-Z](?:[A-HJ-NP-Z0-9]{{5}}|[A-HJ-NP-Z0-9]{{4}}[挂学警港澳使领]|[A-HJK][A-HJ-NP-Z0-9][0-9]{{4}}|[0-9]{{5}}[A-HJK])"
)
LONGEST = 64  # characters; what is longer is no plate, and keeps its spelling
_MARKS = str.maketrans("", "", "\u00b7. -")


def _letters(number: str) -> bool:
    return sum(char.isascii() and char.isalpha() for char in number[2:]) <= 2


RULES: Rules = (
    ("a province, an office letter, and 5 or 6 characters without I and O", _FORM.fullmatch),
    ("at most two letters among them", _letters),
)


def normalise(text: str) -> str:
    """Without the dot, hyphen or space after the office letter, in capitals."""
    return text.translate(_MARKS).upper() if len(text) <= LONGEST else text


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
