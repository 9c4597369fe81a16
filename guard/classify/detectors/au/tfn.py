"""Australian personal tax number (TFN): eight or nine digits with a weighted sum modulo 11.

Reference: Australian Taxation Office, tax file number.

>>> check("123456782"), check("256 663 366")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{8,9}|9{3} 9{3} 9{3}"
PASS_RATE = 0.096
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("tfn", "tax file number", "tax id", "tin", "澳大利亚个人税号")

normalise, check, explain = published("au.tfn", r"[0-9]{8,9}", "eight or nine digits with a weighted sum modulo 11")
