"""Ukrainian personal tax number (РНОКПП): days since 1899, a serial, check digit modulo 11.

Reference: Ukraine, Tax Code art. 70.

>>> check(" 25 30 41 40 71 "), check("6718883114")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{10}"
PASS_RATE = 0.101
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("rnokpp", "рнокпп", "tax id", "tin", "乌克兰个人税号")

normalise, check, explain = published("ua.rntrc", r"[0-9]{10}", "days since 1899, a serial, check digit modulo 11")
