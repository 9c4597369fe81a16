"""Mauritian personal identity number (NID): a letter, birth date, a serial, a check character modulo 17.

Reference: Mauritius, National Identity Card Act.

>>> check("X0906361109391"), check("X0905361109391")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]9{12}[9Aa]"
PASS_RATE = 0.00026
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 12.0
CONTEXT = ("mauritius nid", "national id", "personal id", "毛里求斯个人身份号码")

normalise, check, explain = published(
    "mu.nid", r"[A-Z][0-9]{12}[0-9A-Z]", "a letter, birth date, a serial, a check character modulo 17"
)
