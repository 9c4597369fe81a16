"""Name identifier (ISNI, ORCID): fifteen digits, a check character of ISO 7064 MOD 11-2.

Reference: ISO 27729.

>>> check("000000012281955X"), check("000000012281959X")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{15}[9Aa]|9{4} 9{4} 9{4} 9{3}[9A]"
PASS_RATE = 0.037
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("isni", "orcid", "国际标准名称标识")

normalise, check, explain = published(
    "isni", r"[0-9]{15}[0-9X]", "fifteen digits, a check character of ISO 7064 MOD 11-2"
)
