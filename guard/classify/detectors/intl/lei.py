"""Legal entity identifier (LEI): eighteen characters, two check digits of ISO 7064 MOD 97-10.

Reference: ISO 17442.

>>> check("213800KUD8LAJWSQ9D15"), check("915C1PB35JB45YDXJK34")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[9Aa]{18}9{2}"
PASS_RATE = 0.011
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("lei", "legal entity identifier", "法人识别编码")

normalise, check, explain = published(
    "lei", r"[0-9A-Z]{18}[0-9]{2}", "eighteen characters, two check digits of ISO 7064 MOD 97-10"
)
