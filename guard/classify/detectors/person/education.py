"""Education (学历、学位).

Reference: GB/T 4658-2006 (学历代码), GB/T 6864-2003 (学位代码).

>>> check("本科"), check("本月")
(True, False)
"""

from __future__ import annotations

from guard.classify.rule import Rules, passes, words

SHAPE = r"汉{2,6}|[Aa][Aa.' -]{1,19}|9{1,2}[Aa]{2}(?:-9[Aa]{2})?"
PASS_RATE = 0.005
CEILING = 6.0
MINIMUM = 2
TEXT = False  # a word of the language in running text; in a column it is the set of values that tells
CONTEXT = ("学历", "學歷", "文化程度", "学位", "education", "degree", "xl", "whcd", "xw")

_WORDS_TEXT = """
小学, 初中, 高中, 中专, 中技, 职高, 大专, 专科, 本科, 大学本科, 研究生, 硕士, 硕士研究生, 博士, 博士研究生, 博士后,
文盲, 半文盲, 大学, 學士, 學碩士, 博士班, 國小, 國中, 大學, bachelors, masters, doctorate, hs-grad, some-college,
assoc-acdm, assoc-voc, prof-school, preschool, bachelor's, master's, phd, high school, bachelor, master, 11th, 10th,
9th, 12th, 7th-8th, 5th-6th, 1st-4th
"""
WORDS = frozenset(word.strip() for word in _WORDS_TEXT.split(","))

RULES: Rules = (("a level of schooling or a degree", WORDS.__contains__),)


def normalise(text: str) -> str:
    """In small letters, without surrounding space."""
    return text.strip().lower()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
