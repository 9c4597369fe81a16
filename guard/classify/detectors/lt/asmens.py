"""Lithuanian personal identity number (AK): century and sex, birth date, a serial, check digit modulo 11 in two
rounds.

Reference: Lithuania, Population Register Act.

>>> check("33309240064"), check("34602915407")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{10}"
PASS_RATE = 0.014
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 9.0
CONTEXT = ("asmens kodas", "national id", "personal id", "立陶宛个人身份号码")

normalise, check, explain = published(
    "lt.asmens", r"[1-9][0-9]{10}", "century and sex, birth date, a serial, check digit modulo 11 in two rounds"
)
