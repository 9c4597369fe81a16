"""Albanian tax number of a person or firm (NIPT): a letter, eight digits, a letter.

Reference: Albania, General Directorate of Taxation, NIPT.

>>> check("K22218003V"), check("N59815423e")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]9{8}[Aa]"
PASS_RATE = 0.52
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("nipt", "nuis", "tax id", "tin", "阿尔巴尼亚税号")

normalise, check, explain = published("al.nipt", r"[A-M][0-9]{8}[A-Z]", "a letter, eight digits, a letter")
