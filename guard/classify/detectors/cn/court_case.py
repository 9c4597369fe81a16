"""Court case number of the mainland (案号): the year in brackets, the court, the class of case, the serial and 号.

Reference: 最高人民法院, 关于人民法院案件案号的若干规定 (法 [2015] 137号).

>>> check("(2019)京01民终123号"), check("(2019)火01民终123号")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs

SHAPE = r"[(]9{4}[)]汉{1,3}9{0,4}汉{1,4}9{1,6}汉(?:汉9{1,2})?"
PASS_RATE = 0.0001
PRIOR = 0.0
CEILING = 14.0
TEXT = False
CONTEXT = ("案号", "案號", "案件", "case number", "ah")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(
            r"[(（](?:19|20)[0-9]{2}[)）](?:最高法|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙内陕吉闽贵粤青藏川宁琼兵军])[0-9]{0,4}[\u4e00-\u9fff]{"
            r"1,4}[0-9]{1,6}号(?:之[0-9一二三四五六七八九十]{1,2})?"
        ).fullmatch,
    ),
)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


check, explain = verbs(RULES, normalise)
