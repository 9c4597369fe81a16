"""Vietnamese tax number of a person or firm (MST): a province, a serial, a check digit modulo 11, at most a branch.

Reference: Vietnam, circular 105/2020/TT-BTC.

>>> check("0312 68 78 78 - 001"), check("0912 68 78 78 - 001")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{10}(?:9{3})?|9{10}-9{3}"
PASS_RATE = 0.099
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("mst", "ma so thue", "tax id", "tin", "越南税号")

normalise, check, explain = published(
    "vn.mst", r"[0-9]{10}(?:[0-9]{3})?", "a province, a serial, a check digit modulo 11, at most a branch"
)
