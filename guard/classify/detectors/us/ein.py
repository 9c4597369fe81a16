"""United States company number (EIN): a campus prefix and seven digits.

Reference: Internal Revenue Service, valid EIN prefixes.

>>> check("042103594"), check("28-0136904")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{9}|9{2}-9{7}"
PASS_RATE = 0.87
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("ein", "employer identification number", "fein", "美国企业登记号")

normalise, check, explain = published("us.ein", r"[0-9]{9}", "a campus prefix and seven digits")
