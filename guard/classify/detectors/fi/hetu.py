"""Finnish personal identity number (HETU): birth date, a sign of the century, a serial, a check character modulo 31.

Reference: Finland, DVV, henkilötunnus.

>>> check("131052a308t"), check("131051a308t")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{6}[+A\-a]9{3}[9Aa]|9{6}[-+Aa]9{3}[9Aa]"
PASS_RATE = 0.00092
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("hetu", "henkilotunnus", "national id", "personal id", "芬兰个人身份号码")

normalise, check, explain = published(
    "fi.hetu",
    r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Z]",
    "birth date, a sign of the century, a serial, a check character modulo 31",
    normalise=lambda text: text.strip().upper(),
)
