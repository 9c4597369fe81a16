"""International bank account number: country, two check digits, national account; the length is the country's own.

Reference: ISO 13616-1:2020; ISO 7064 MOD 97-10. Lengths: SWIFT IBAN registry.

>>> check("DE89 3704 0044 0532 0130 00"), check("DE88370400440532013000")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"AA99[9A]{11,30}"
PASS_RATE = 1e-4
PRIOR = 2.0
CONTEXT = ("iban", "account", "账号", "帳號", "bank")

_LENGTHS_TEXT = """
AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 DE:22 DK:18 DO:28 EE:20
EG:29 ES:24 FI:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HR:21 HU:28 IE:22 IL:23 IQ:23 IS:26 IT:27 JO:30
KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 LY:25 MC:27 MD:24 ME:22 MK:19 MR:27 MT:31 MU:30 NL:18 NO:15 PK:24
PL:28 PS:29 PT:25 QA:29 RO:24 RS:22 SA:24 SC:31 SE:24 SI:19 SK:24 SM:27 ST:25 SV:28 TL:23 TN:24 TR:26 UA:29 VA:22
VG:24 XK:20
"""
_LENGTHS = {country: int(length) for country, length in (part.split(":") for part in _LENGTHS_TEXT.split())}


def _mod_97(number: str) -> bool:
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1


RULES: Rules = (
    ("two letters, two digits, and letters or digits", re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}").fullmatch),
    ("the length of its country", lambda number: _LENGTHS.get(number[:2]) == len(number)),
    ("the check digits of ISO 7064 MOD 97-10", _mod_97),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
