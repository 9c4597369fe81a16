"""Nationality (国籍): names of countries in Chinese, English adjectives of them.

Reference: GB/T 2659.1-2022 (世界各国和地区名称代码); GB/T 35273-2020 table A.1.

>>> check("中国"), check("Acme")
(True, False)
"""

from __future__ import annotations

from guard.classify.rule import Rules, passes, words

SHAPE = r"汉{2,7}|[Aa]{4,12}"
PASS_RATE = 0.01
CEILING = 3.0
MINIMUM = 2
TEXT = False  # a word of the language in running text; in a column it is the set of values that tells
CONTEXT = ("国籍", "國籍", "nationality", "citizenship", "gj")

_WORDS_TEXT = """
中国, 中国籍, 中華民國, 美国, 英国, 法国, 德国, 日本, 韩国, 俄罗斯, 加拿大, 澳大利亚, 新加坡, 马来西亚, 印度, 泰国,
越南, 菲律宾, 印度尼西亚, 意大利, 西班牙, 荷兰, 瑞士, 瑞典, 巴西, 墨西哥, 埃及, 南非, 无国籍, chinese, american,
british, french, german, japanese, korean, russian, canadian, australian, singaporean, malaysian, indian, thai,
vietnamese, filipino, indonesian, italian, spanish, dutch, swiss, swedish, brazilian, mexican, stateless
"""
WORDS = frozenset(word.strip() for word in _WORDS_TEXT.split(","))

RULES: Rules = (("a country or the adjective of one", WORDS.__contains__),)


def normalise(text: str) -> str:
    """In small letters, without surrounding space."""
    return text.strip().lower()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
