"""Polish tax number of a person or firm (NIP): nine digits, check digit modulo 11.

Reference: Poland, Ustawa o zasadach ewidencji i identyfikacji podatników.

>>> check("957-190-06-58"), check("947-190-06-58")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{10}|9{3}-9{3}-9{2}-9{2}"
PASS_RATE = 0.094
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("nip", "tax id", "tin", "波兰税号")

normalise, check, explain = published("pl.nip", r"[0-9]{10}", "nine digits, check digit modulo 11")
