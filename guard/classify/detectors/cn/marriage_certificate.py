"""Marriage or divorce certificate number of the mainland (结婚证字号): J (married) or L (divorced), B before it
when it was issued again, six digits of region, the year, six digits of serial.

Reference: 民政部, 婚姻登记工作规范 (民发 [2015] 230号), 证件字号.

>>> check("J110105-2010-000123"), check("J990105-2010-000123")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify import region
from guard.classify.rule import Rules, verbs

SHAPE = r"[Aa]{1,2}9{6}-9{4}-9{6}"
PASS_RATE = 0.00016
PRIOR = 0.0
CEILING = 14.0
CONTEXT = ("结婚证", "离婚证", "結婚證", "婚姻登记", "marriage certificate")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"B?[JL][1-6][0-9]{5}-(?:19|20)[0-9]{2}-[0-9]{6}").fullmatch,
    ),
    ("a province and prefecture of GB/T 2260", lambda number: region.known(number.lstrip("BJL")[:6])),
)


def normalise(text: str) -> str:
    """Without surrounding space, in capitals."""
    return text.strip().upper()


check, explain = verbs(RULES, normalise)
