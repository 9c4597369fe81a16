"""Spanish company number (CIF): a letter of the legal form, seven digits, a check character of Luhn.

Reference: Spain, Orden EHA/451/2008.

>>> check("J99216582"), check("S12632498")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]9{7}[9Aa]"
PASS_RATE = 0.041
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("cif", "西班牙企业登记号")

normalise, check, explain = published(
    "es.cif", r"[A-HJNPQRSUVW][0-9]{7}[0-9A-J]", "a letter of the legal form, seven digits, a check character of Luhn"
)
