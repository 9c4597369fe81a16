"""United States company number (ABA): eight digits, a check digit with weights 3 7 1.

Reference: American Bankers Association, routing number policy.

>>> check("111000025"), check("111004025")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{9}"
PASS_RATE = 0.11
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("routing number", "aba", "rtn", "routing no", "美国企业登记号")

normalise, check, explain = published("us.rtn", r"[0-9]{9}", "eight digits, a check digit with weights 3 7 1")
