"""Sex or gender (性别), as a word; codes (0, 1, 2, 9; M, F) count in a column whose name says so.

Reference: GB/T 2261.1-2003 (人的性别代码); GB/T 35273-2020 table A.1.

>>> check("男"), check("north")
(True, False)
"""

from __future__ import annotations

from guard.classify.rule import Rules, passes, words

SHAPE = r"汉{1,5}|[Aa]{1,6}|9"
PASS_RATE = 0.02
CEILING = 5.0
MINIMUM = 2
TEXT = False  # a word of the language in running text; in a column it is the set of values that tells
CONTEXT = ("性别", "性別", "sex", "gender", "xb")

_WORDS_TEXT = """
男, 女, 男性, 女性, 未知性别, 未说明的性别, male, female, m, f, man, woman, nonbinary, 0, 1, 2, 9
"""
WORDS = frozenset(word.strip() for word in _WORDS_TEXT.split(","))

RULES: Rules = (("a word or code of sex", WORDS.__contains__),)


def normalise(text: str) -> str:
    """In small letters, without surrounding space."""
    return text.strip().lower()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
