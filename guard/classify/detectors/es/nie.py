"""Spanish personal identity number (NIE): X, Y or Z, seven digits and a letter modulo 23.

Reference: Spain, Real Decreto 557/2011 art. 206.

>>> check("x-2482300w"), check("x-2484300w")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]9{7}[Aa]|[Aa]-9{7}-[Aa]"
PASS_RATE = 0.0047
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("nie", "numero identidad extranjero", "national id", "personal id", "西班牙个人身份号码")

normalise, check, explain = published("es.nie", r"[XYZ][0-9]{7}[A-Z]", "X, Y or Z, seven digits and a letter modulo 23")
