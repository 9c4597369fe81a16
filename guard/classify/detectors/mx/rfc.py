"""Mexican tax number of a person or firm (RFC): letters of the names, a date, two characters, a check character
modulo 11.

Reference: Mexico, SAT, RFC.

>>> check("GODE561231GR8"), check("DF&730469ZIC")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"[&Aa]{3,4}9{6}[9Aa]{3}"
PASS_RATE = 0.037
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("rfc", "tax id", "tin", "墨西哥税号")

normalise, check, explain = published(
    "mx.rfc",
    r"[A-ZÑ&]{3,4}[0-9]{6}[0-9A-Z]{3}",
    "letters of the names, a date, two characters, a check character modulo 11",
)
