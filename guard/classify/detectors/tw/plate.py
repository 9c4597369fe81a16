"""Vehicle plate of Taiwan (車牌號碼): three letters and four digits without 4 since 2012, or the older two
letters and four digits.

Reference: 交通部公路局, 汽車號牌編號規則 (2012-12-17).

>>> check("ABC-1235"), check("AIC-1235")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs

SHAPE = r"[Aa]{3}-9{4}|9{4}-[Aa]{2}|[Aa]{2}-9{4}|[Aa]{3}-9{3}"
PASS_RATE = 0.79
PRIOR = -6.0
CEILING = 1.0
CONTEXT = ("車牌", "车牌", "牌照", "license plate", "plate")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"[A-HJ-NP-Z]{3}-[0-9]{3,4}|[0-9]{4}-[A-HJ-NP-Z]{2}|[A-HJ-NP-Z]{2}-[0-9]{4}").fullmatch,
    ),
    ("no digit 4 in the series of seven", lambda number: len(number) < 8 or "4" not in number),
)


def normalise(text: str) -> str:
    """Without surrounding space, in capitals."""
    return text.strip().upper()


check, explain = verbs(RULES, normalise)
