"""Mobile barcode carrier of Taiwan (手機條碼載具): a stroke and seven characters of digits, capitals, plus,
hyphen and full stop.

Reference: 財政部, 電子發票實施作業要點 (手機條碼).

>>> check("/ABC1234"), check("ABC1234")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs

SHAPE = r"/[9Aa+.-]{7}"
PASS_RATE = 0.99
PRIOR = -3.0
CEILING = 9.0
CONTEXT = ("手機條碼", "載具", "手机条码", "carrier")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"/[0-9A-Z+.-]{7}").fullmatch,
    ),
)


def normalise(text: str) -> str:
    """Without surrounding space, in capitals."""
    return text.strip().upper()


check, explain = verbs(RULES, normalise)
