"""Random-looking key or token without a known form: 20 characters or more, letters of both cases and digits, high
entropy.

Hexadecimal strings (hashes, commits, trace ids) are left out: they are public far more often than secret. Context
must help.

Reference: Shannon entropy per character; 4 bits and more separate keys from words and identifiers in the cases kept
here.

>>> check("9fKq2LmZx7VbT4wRy8NcJd3Hs6Ga")
True
>>> check("aVeryLongCamelCaseIdentifier2"), check("d41d8cd98f00b204e9800998ecf8427e")
(False, False)
"""

from __future__ import annotations

import re
from collections import Counter
from math import log2

from guard.classify.rule import Rules, passes, words

SHAPE = r"[9Aa+/_=-]{20,128}"
PASS_RATE = 0.3
PRIOR = -5.0
CEILING = 4.0
MINIMUM = 3
CONTEXT = (
    "key", "api key", "secret", "token", "access token", "credential", "authorization", "bearer", "apikey",
    "appsecret", "secretkey", "accesskey", "密钥", "密鑰", "令牌", "口令", "秘钥",
)  # fmt: skip

_LEAST_BITS = 3.9  # per character
_TURN = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Za-z])|(?<=[A-Z])(?=[a-z0-9])")


def _entropy(text: str) -> float:
    return -sum(count / len(text) * log2(count / len(text)) for count in Counter(text).values())


RULES: Rules = (
    (
        "20 to 128 characters of base64, with both cases and digits",
        re.compile(r"(?=.*[0-9].*[0-9])(?=.*[A-Z].*[A-Z])(?=.*[a-z].*[a-z])[0-9A-Za-z+/_=-]{20,128}").fullmatch,
    ),
    ("at least 3.9 bits a character", lambda text: _entropy(text) >= _LEAST_BITS),
    ("changes of class as often as chance makes them", lambda text: len(_TURN.findall(text)) * 4 >= len(text)),
)


def normalise(text: str) -> str:
    """Without surrounding space and quotes."""
    return text.strip(" \"'")


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
