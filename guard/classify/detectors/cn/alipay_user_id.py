"""Alipay user identifier (支付宝用户ID): 2088 and twelve digits.

Reference: Ant Group, 支付宝开放平台: user_id.

>>> check("2088102146225135"), check("2089102146225135")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare as normalise

SHAPE = r"9{16}"
PASS_RATE = 0.00011
PRIOR = -3.0
CEILING = 6.0
CONTEXT = ("支付宝", "alipay", "支付寶", "buyer_id", "seller_id", "pid")

RULES: Rules = (("the form that the specification gives", re.compile(r"2088[0-9]{12}").fullmatch),)

check, explain = verbs(RULES, normalise)
