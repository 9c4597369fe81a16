"""Singapore company number (UEN): eight or nine digits, or T, year and type, with a check letter.

Reference: Singapore, ACRA, UEN.

>>> check("197401143C"), check("197401140C")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{8,9}[Aa]|A9{2}[Aa]{2}9{4}[Aa]"
PASS_RATE = 0.013
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("uen", "新加坡企业登记号")

normalise, check, explain = published(
    "sg.uen", r"[0-9]{8,9}[A-Z]", "eight or nine digits, or T, year and type, with a check letter"
)
