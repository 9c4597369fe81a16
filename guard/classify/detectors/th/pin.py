"""Thai personal identity number (PIN): twelve digits, check digit modulo 11.

Reference: Thailand, Population Registration Act.

>>> check("1-2345-45678-78-1"), check("4565663367858")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"99{12}|9-9{4}-9{5}-9{2}-9"
PASS_RATE = 0.087
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = ("thai id", "เลขประจำตัวประชาชน", "national id", "personal id", "泰国个人身份号码")

normalise, check, explain = published("th.pin", r"[1-8][0-9]{12}", "twelve digits, check digit modulo 11")
