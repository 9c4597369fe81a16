"""Malaysian personal identity number (MyKad): birth date, a place of birth, a serial.

Reference: Malaysia, JPN, National Registration Regulations 1990.

>>> check("770305021234"), check("994807342401")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{12}|9{6}-9{2}-9{4}"
PASS_RATE = 0.032
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("nric", "mykad", "ic number", "ic no", "national id", "personal id", "马来西亚个人身份号码")

normalise, check, explain = published("my.nric", r"[0-9]{12}", "birth date, a place of birth, a serial")
