"""United States personal tax number (ITIN): 9, a group in 50-65, 70-88, 90-92, 94-99, four digits.

Reference: Internal Revenue Service, ITIN.

>>> check("9129-03456"), check("658857421")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{8}|9{3}-9{2}-9{4}"
PASS_RATE = 0.029
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("itin", "tax id", "tin", "美国个人税号")

normalise, check, explain = published("us.itin", r"9[0-9]{8}", "9, a group in 50-65, 70-88, 90-92, 94-99, four digits")
