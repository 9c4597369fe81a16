"""Swiss social insurance number (AHV/AVS): 756, nine digits, check digit of EAN-13.

Reference: Switzerland, AHVV art. 133.

>>> check("7569217076985"), check("7569217076984")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9999{10}|9{3}[.]9{4}[.]9{4}[.]9{2}"
PASS_RATE = 0.0001
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 12.0
CONTEXT = ("ahv", "ahvn13", "avs", "navs13", "social security", "瑞士社会保险号")

normalise, check, explain = published("ch.ssn", r"756[0-9]{10}", "756, nine digits, check digit of EAN-13")
