"""Chinese personal name (姓名): surname of one or two characters, given name of one or two.

Names have no check digit. What tells is that the surname is one of a few hundred and the rest is made of characters
that names use; many ordinary words do so as well, so running text needs company (a label, an honorific, a boundary)
and a column needs many of them.

References: 公安部, 全国姓名报告 (surname order); GB/T 35273-2020 table A.1 (个人姓名).

>>> check("王小明"), check("歐陽娜娜"), check("高血压"), check("已完成")
(True, True, False, False)
"""

from __future__ import annotations

from guard.classify import han_name
from guard.classify.rule import Rules, passes, words

SHAPE = r"汉{2,4}"
PASS_RATE = 0.05
ANCHORED = True
CEILING = 12.0
MINIMUM = 4
RECALL = 0.92
CONTEXT = (
    "姓名",
    "名字",
    "联系人",
    "聯絡人",
    "患者",
    "客户",
    "申请人",
    "收件人",
    "户名",
    "name",
    "full name",
    "contact",
    "patient",
    "xm",
    "lxr",
)

RULES: Rules = (
    (
        "two to four characters that begin with a surname",
        lambda text: 2 <= len(text) <= 4 and han_name.surname_length(text),
    ),
    ("a given name of one or two characters that names use, and no known word", han_name.plausible),
)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
