"""Ship number (IMO): IMO, six digits, a check digit.

Reference: IMO resolution A.1117(30).

>>> check("IMO 8814275"), check("IMO 8814265")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]{3}9{7}|A{3} 9{7}"
PASS_RATE = 0.051
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("imo number", "imo no", "imo", "船舶识别号")

normalise, check, explain = published("imo", r"IMO[0-9]{7}", "IMO, six digits, a check digit")
