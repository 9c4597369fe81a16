"""Korean personal identity number (RRN): birth date, sex and century, region, a serial, check digit modulo 11.

Reference: Republic of Korea, Resident Registration Act.

>>> check("971013-9019902"), check("971013-9219902")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{13}|9{6}-9{7}"
PASS_RATE = 0.0035
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("rrn", "jumin", "주민등록번호", "주민번호", "national id", "personal id", "韩国个人身份号码")

normalise, check, explain = published(
    "kr.rrn", r"[0-9]{13}", "birth date, sex and century, region, a serial, check digit modulo 11"
)
