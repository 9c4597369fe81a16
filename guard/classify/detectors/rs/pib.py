"""Serbian company number (PIB): nine digits, check digit of ISO 7064 MOD 11,10.

Reference: Serbia, Poreska uprava.

>>> check("101134702"), check("101138702")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{9}"
PASS_RATE = 0.11
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("pib", "塞尔维亚企业登记号")

normalise, check, explain = published("rs.pib", r"[0-9]{9}", "nine digits, check digit of ISO 7064 MOD 11,10")
