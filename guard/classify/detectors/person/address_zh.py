"""Chinese postal address (住址): province, city, county, town, road, number, building, room; at least two of the
levels.

Reference: GB/T 23705-2009 (数字城市地理信息公共平台 地名/地址编码规则), order of the address elements.

>>> check("上海市浦东新区世纪大道100号8楼")
True
>>> check("北京市朝阳区建国路88号3号楼1201室"), check("市场部"), check("北京市")
(True, False, False)
"""

from __future__ import annotations

from guard.classify import han_address
from guard.classify.rule import Rules, passes, words

SHAPE = r"(?=[^汉]*汉汉)[汉9Aa()#·. ,-]{5,80}"
PASS_RATE = 0.001
ANCHORED = True
CEILING = 16.0
RECALL = 0.8
CONTEXT = (
    "地址",
    "住址",
    "户籍",
    "居住地",
    "收货地址",
    "送货",
    "家住",
    "address",
    "addr",
    "residence",
    "dz",
    "zz",
    "jtzz",
    "txdz",
    "hjdz",
)

RULES: Rules = (
    ("5 to 80 characters", lambda text: 5 <= len(text) <= 80),
    ("two levels of a postal address, the first of them at the start", han_address.whole),
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
