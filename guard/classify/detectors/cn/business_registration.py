"""Business registration number (工商注册号), 15 digits, replaced by the unified social credit code in 2015.

Six digits of registration office, eight of sequence, one check digit by ISO 7064 MOD 11,10. Names an organisation,
not a person.

Reference: GS 15-2006 (工商行政管理注册号编制规则).

>>> check("110108000000016")
True
>>> explain("110108000000017")
'fails: the check digit of ISO 7064 MOD 11,10'
"""

from __future__ import annotations

from guard.classify import region
from guard.classify.checkdigit import mod_11_10
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{15}"
PASS_RATE = 0.0042
COLUMN_RATE = 0.1  # among numbers that begin with a region
PRIOR = -8.0
CEILING = 14.0
CONTEXT = (
    "注册号",
    "註冊號",
    "工商注册",
    "营业执照",
    "營業執照",
    "registration number",
    "business licence",
    "zch",
    "yyzz",
)

RULES: Rules = (
    ("15 digits", lambda number: len(number) == 15 and number.isdecimal() and number.isascii()),
    (
        "an office of a province and prefecture of GB/T 2260",
        lambda number: number[:6] == "100000" or region.known(number),
    ),
    ("the check digit of ISO 7064 MOD 11,10", mod_11_10),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
