"""German personal tax number (IdNr): eleven digits, one of them repeated, check digit of ISO 7064 MOD 11,10.

Reference: Germany, AO section 139b.

>>> check("36574261809"), check("36274261809")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{10}|9{2} 9{3} 9{3} 9{3}"
PASS_RATE = 0.005
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("steuer id", "steueridentifikationsnummer", "steuerid", "idnr", "tax id", "tin", "德国个人税号")

normalise, check, explain = published(
    "de.idnr", r"[1-9][0-9]{10}", "eleven digits, one of them repeated, check digit of ISO 7064 MOD 11,10"
)
