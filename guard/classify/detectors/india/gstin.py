"""Indian company number (GSTIN): a state, a PAN, an entity, Z, a check character of Luhn modulo 36.

Reference: India, CGST Rules 2017 rule 10.

>>> check("27AAPFU0939F1ZV"), check("06AWETX5907GCZP")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{2}[Aa]{5}9{4}[Aa][9Aa][Aa][9Aa]"
PASS_RATE = 0.00013
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 12.0
CONTEXT = ("gstin", "gst number", "gst no", "gst", "印度企业登记号")

normalise, check, explain = published(
    "in_.gstin",
    r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]",
    "a state, a PAN, an entity, Z, a check character of Luhn modulo 36",
)
