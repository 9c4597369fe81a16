"""Ethnicity (民族): the 56 of China, with or without 族.

Reference: GB/T 3304-1991 (中国各民族名称的罗马字母拼写法和代码).

>>> check("维吾尔族"), check("家族")
(True, False)
"""

from __future__ import annotations

from guard.classify.rule import Rules, passes, words

SHAPE = r"汉{1,6}"
PASS_RATE = 0.002
CEILING = 12.0
MINIMUM = 2
TEXT = False  # a word of the language in running text; in a column it is the set of values that tells
CONTEXT = ("民族", "ethnicity", "ethnic", "nation", "mz", "race")

_WORDS_TEXT = """
汉族, 蒙古族, 回族, 藏族, 维吾尔族, 苗族, 彝族, 壮族, 布依族, 朝鲜族, 满族, 侗族, 瑶族, 白族, 土家族, 哈尼族,
哈萨克族, 傣族, 黎族, 傈僳族, 佤族, 畲族, 高山族, 拉祜族, 水族, 东乡族, 纳西族, 景颇族, 柯尔克孜族, 土族, 达斡尔族,
仫佬族, 羌族, 布朗族, 撒拉族, 毛南族, 仡佬族, 锡伯族, 阿昌族, 普米族, 塔吉克族, 怒族, 乌孜别克族, 俄罗斯族,
鄂温克族, 德昂族, 保安族, 裕固族, 京族, 塔塔尔族, 独龙族, 鄂伦春族, 赫哲族, 门巴族, 珞巴族, 基诺族, 汉,
回, 满, 蒙古, 藏,
维吾尔, 苗, 彝, 壮, 布依, 朝鲜, 侗, 瑶, 土家, 哈尼, 哈萨克, 傣, 傈僳, 佤, 畲, 漢族, 滿族, 蒙古族, 壯族, 維吾爾族
"""
WORDS = frozenset(word.strip() for word in _WORDS_TEXT.split(","))

RULES: Rules = (("one of the 56 names", WORDS.__contains__),)


def normalise(text: str) -> str:
    """In small letters, without surrounding space."""
    return text.strip().lower()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
