"""Book number (ISBN): 978 or 979, a group, check digit of EAN-13.

Reference: ISO 2108.

>>> check("978-9024538270"), check("988-9024538270")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9999{10}|9{3}-9{1,5}-9{1,7}-9{1,6}-9"
PASS_RATE = 0.0001
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 12.0
CONTEXT = ("isbn", "isbn13", "国际标准书号")

normalise, check, explain = published("isbn", r"97[89][0-9]{10}", "978 or 979, a group, check digit of EAN-13")
