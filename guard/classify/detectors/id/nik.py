"""Indonesian personal identity number (NIK): region, birth date with 40 added to the day of women, a serial.

Reference: Indonesia, UU 24/2013.

>>> check("3171011708450001"), check("3171011700450001")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{16}"
PASS_RATE = 0.035
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("nik", "nomor induk kependudukan", "ktp", "national id", "personal id", "印度尼西亚个人身份号码")

normalise, check, explain = published(
    "id.nik", r"[0-9]{16}", "region, birth date with 40 added to the day of women, a serial"
)
