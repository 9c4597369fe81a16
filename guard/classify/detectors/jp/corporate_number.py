"""Japanese company number (法人番号): a check digit modulo 9 and twelve digits.

Reference: Japan, National Tax Agency, 法人番号.

>>> check("5835678256246"), check("5835678356246")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{12}|9-9{4}-9{4}-9{4}"
PASS_RATE = 0.11
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("法人番号", "houjin bangou", "corporate number", "日本企业登记号")

normalise, check, explain = published("jp.cn", r"[1-9][0-9]{12}", "a check digit modulo 9 and twelve digits")
