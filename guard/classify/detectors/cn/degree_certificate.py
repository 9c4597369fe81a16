"""Education certificate number of the mainland (学历证书编号): five digits of school, one of kind, four of
year, two of level, six of serial.

Reference: 教育部, 高等教育学历证书电子注册管理办法 (2014).

>>> check("100011201905001234"), check("100011188805001234")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"9{17,18}"
PASS_RATE = 0.00021
PRIOR = -13.0  # ids of systems are not random digits: a word near it must tell
CEILING = 1.0
CONTEXT = ("学历证书", "毕业证", "证书编号", "學歷", "畢業證", "diploma", "xlzsbh")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(r"1[0-9]{4}[1-9](?:199[1-9]|20[0-4][0-9])(?:0[1-7]|[0-9])[0-9]{6}").fullmatch,
    ),
)

check, explain = verbs(RULES, normalise)
