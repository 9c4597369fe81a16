"""Serial number (ISSN): seven digits, a check character modulo 11.

Reference: ISO 3297.

>>> check("00249319"), check("00949319")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{7}[9Aa]|9{4}-9{3}[9A]"
PASS_RATE = 0.039
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("issn", "国际标准连续出版物号")

normalise, check, explain = published("issn", r"[0-9]{7}[0-9X]", "seven digits, a check character modulo 11")
