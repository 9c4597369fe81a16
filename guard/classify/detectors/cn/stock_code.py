"""Security code of the mainland (证券代码): six digits: 600 to 605 and 688 of Shanghai, 000 to 003, 300 and 301
of Shenzhen, 43, 83, 87 and 92 of Beijing.

Reference: 上海, 深圳 and 北京证券交易所, 证券代码分配规则.

>>> check("600519"), check("999999")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs

SHAPE = r"9{6}(?:[.][Aa]{2})?"
PASS_RATE = 0.029
PRIOR = -6.0
CEILING = 1.0
CONTEXT = ("股票", "证券代码", "股票代码", "stock code", "證券")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"(?:60[0-35]|68[89]|00[0-3]|30[01]|8[37]|43|92)[0-9]{3,4}(?:\.(?:SH|SZ|BJ|SS))?").fullmatch,
    ),
    ("six digits", lambda number: len(number.partition(".")[0]) == 6),
)


def normalise(text: str) -> str:
    """Without surrounding space, in capitals."""
    return text.strip().upper()


check, explain = verbs(RULES, normalise)
