"""Indian personal identity number (Aadhaar): twelve digits, check digit of Verhoeff, no palindrome.

Reference: India, UIDAI, Aadhaar numbering scheme.

>>> check("234123412346"), check("230123412346")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{11}|9{4} 9{4} 9{4}"
PASS_RATE = 0.087
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("aadhaar", "aadhar", "uidai", "national id", "personal id", "印度个人身份号码")

normalise, check, explain = published(
    "in_.aadhaar", r"[2-9][0-9]{11}", "twelve digits, check digit of Verhoeff, no palindrome"
)
