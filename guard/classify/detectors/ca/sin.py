"""Canadian social insurance number (SIN): nine digits, check digit of Luhn, no leading 0 or 8.

Reference: Service Canada, Social Insurance Number code of practice.

>>> check("123456782"), check("123476782")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{9}|9{3}[- ]9{3}[- ]9{3}"
PASS_RATE = 0.083
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("social insurance number", "sin number", "sin", "social security", "加拿大社会保险号")

normalise, check, explain = published("ca.sin", r"[0-9]{9}", "nine digits, check digit of Luhn, no leading 0 or 8")
