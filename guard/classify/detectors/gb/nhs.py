"""British health service number (NHS): nine digits, check digit modulo 11.

Reference: NHS Data Dictionary, NHS NUMBER.

>>> check("9434765870"), check("9634765870")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{10}|9{3}[ -]9{3}[ -]9{4}"
PASS_RATE = 0.091
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("nhs number", "nhs no", "nhs", "英国医疗服务号")

normalise, check, explain = published("gb.nhs", r"[0-9]{10}", "nine digits, check digit modulo 11")
