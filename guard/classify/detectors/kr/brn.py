"""Korean company number (BRN): an office, a type, a serial, a check digit modulo 10.

Reference: Republic of Korea, National Tax Service.

>>> check("1348672683"), check("0301100200")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{10}|9{3}-9{2}-9{5}"
PASS_RATE = 0.93
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("brn", "사업자등록번호", "韩国企业登记号")

normalise, check, explain = published("kr.brn", r"[0-9]{10}", "an office, a type, a serial, a check digit modulo 10")
