"""Swiss company number (UID/IDE): CHE, eight digits, a check digit modulo 11.

Reference: Switzerland, UIDG (SR 431.03).

>>> check("CHE100155212"), check("CHE-131.703.750")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]{3}9{9}|A{3}-9{3}[.]9{3}[.]9{3}"
PASS_RATE = 0.052
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("unternehmens identifikationsnummer", "uid", "瑞士企业登记号")

normalise, check, explain = published("ch.uid", r"CHE[0-9]{9}", "CHE, eight digits, a check digit modulo 11")
