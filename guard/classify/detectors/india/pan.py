"""Indian tax number of a person or firm (PAN): five letters (the fourth tells the holder), four digits, a letter.

Reference: India, Income-tax Rules 1962 rule 114.

>>> check("ACUPA7085R"), check("jhCEK1477U")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[Aa]{5}9{4}[Aa]"
PASS_RATE = 0.45
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("pan card", "pan number", "pan no", "pan", "tax id", "tin", "印度税号")

normalise, check, explain = published(
    "in_.pan", r"[A-Z]{5}[0-9]{4}[A-Z]", "five letters (the fourth tells the holder), four digits, a letter"
)
