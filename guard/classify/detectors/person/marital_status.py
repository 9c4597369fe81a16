"""Marital status (婚姻状况).

Reference: GB/T 2261.2-2003 (婚姻状况代码).

>>> check("已婚"), check("已付")
(True, False)
"""

from __future__ import annotations

from guard.classify.rule import Rules, passes, words

SHAPE = r"汉{2,4}|[Aa-]{5,20}"
PASS_RATE = 0.002
CEILING = 10.0
MINIMUM = 2
TEXT = False  # a word of the language in running text; in a column it is the set of values that tells
CONTEXT = ("婚姻", "婚姻状况", "婚否", "marital", "marital status", "hyzk")

_WORDS_TEXT = """
已婚, 未婚, 离异, 离婚, 丧偶, 初婚, 再婚, 复婚, 離婚, 喪偶, 離異, 未说明的婚姻状况, married, single, divorced,
widowed, separated, never-married, married-civ-spouse, married-af-spouse, married-spouse-absent, unmarried
"""
WORDS = frozenset(word.strip() for word in _WORDS_TEXT.split(","))

RULES: Rules = (("a word of marital status", WORDS.__contains__),)


def normalise(text: str) -> str:
    """In small letters, without surrounding space."""
    return text.strip().lower()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
