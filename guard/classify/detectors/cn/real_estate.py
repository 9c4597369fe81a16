"""Real estate certificate number of the mainland (不动产权证号): a province character, the year in brackets,
the place, 不动产权第, seven digits of serial and 号.

Reference: 自然资源部, 不动产权证书和不动产登记证明 (2015) 证号编制规则.

>>> check("京(2019)朝阳区不动产权第0001234号"), check("京(2019)朝阳区不动产权第1234号")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs

SHAPE = r"汉[(]9{4}[)]汉{1,12}9{7}汉"
PASS_RATE = 0.0001
PRIOR = 0.0
CEILING = 14.0
TEXT = False
CONTEXT = ("不动产", "房产证", "產權證", "房屋", "bdcqzh")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][(（]20[0-9]{2}[)）][\u4e00-\u9fff]{1,6}不动产(?:权|证明)第[0-9]{7}号"
        ).fullmatch,
    ),
)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


check, explain = verbs(RULES, normalise)
