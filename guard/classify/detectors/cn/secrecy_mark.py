"""Mark of a state secret (国家秘密标志): level, star, term: 绝密★30年, 机密★, 秘密★5年; both scripts.

The words alone occur in ordinary prose and are not a mark; the star makes it one. Terms are at most 30, 20 and 10
years by law. On a hit the document must be taken out of ordinary processing; guard reports the place and nothing of
the content.

References: 保守国家秘密法 (2024) arts. 14, 20, 22; 实施条例 (2024) art. 21; the star from GB/T 9704 layout practice.

>>> check("机密★20年"), check("絕密★"), check("商业机密")
(True, True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"汉汉 ?[★☆*] ?(?:(?:9{1,2}|汉{1,3}) ?汉{1,3})?"
PASS_RATE = 1e-6
ANCHORED = True
PRIOR = 3.0
CONTEXT = ("密级", "密級", "国家秘密", "國家秘密", "保密", "classification", "secrecy")

PATTERN = r"(?:[绝絕机機秘]密) ?[★☆*](?: ?(?:[0-9]{1,2}|[一二三十]{1,3}) ?(?:年|个月|個月|月)|长期|長期)?"

RULES: Rules = (("a level of secrecy, a star, and at most a term", re.compile(PATTERN).fullmatch),)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
