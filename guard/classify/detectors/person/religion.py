"""Religious belief (宗教信仰).

Reference: GA/T 2000.x (宗教信仰代码) for the list; PIPL art. 28, GDPR art. 9 for its weight.

>>> check("佛教"), check("北京")
(True, False)
"""

from __future__ import annotations

from guard.classify.rule import Rules, passes, words

SHAPE = r"汉{2,5}|[Aa]{5,12}"
PASS_RATE = 0.0005
CEILING = 12.0
MINIMUM = 2
TEXT = False  # a word of the language in running text; in a column it is the set of values that tells
CONTEXT = ("宗教", "宗教信仰", "信仰", "religion", "faith", "zjxy")

_WORDS_TEXT = """
佛教, 道教, 基督教, 天主教, 伊斯兰教, 东正教, 犹太教, 印度教, 喇嘛教, 无宗教信仰, 不信教, 基督徒, 穆斯林, 伊斯蘭教,
東正教, 猶太教, buddhism, buddhist, taoism, taoist, christian, christianity, catholic, protestant, orthodox, islam,
muslim, jewish, judaism, hindu, hinduism, sikh, atheist, agnostic
"""
WORDS = frozenset(word.strip() for word in _WORDS_TEXT.split(","))

RULES: Rules = (("the name of a religion or its adherents", WORDS.__contains__),)


def normalise(text: str) -> str:
    """In small letters, without surrounding space."""
    return text.strip().lower()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
