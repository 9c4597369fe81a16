"""Private key in PEM: the line that begins it. The header alone is reported; where it stands, the key follows.

References: RFC 7468 (textual encodings), RFC 4716 and OpenSSH's own format.

>>> check("-----BEGIN PRIVATE KEY-----"), check("-----BEGIN PUBLIC KEY-----")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"-----A{5}(?: [A9]{1,9}){2,4}-----[\s\S]*"
PASS_RATE = 1e-6
ANCHORED = True
PRIOR = 6.0
CONTEXT = ("private key", "私钥", "私鑰")

PATTERN = r"-----BEGIN (?:(?:RSA|DSA|EC|OPENSSH|ENCRYPTED|SM2) )?PRIVATE KEY-----"

RULES: Rules = (("the first line of a private key", re.compile(PATTERN).match),)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
