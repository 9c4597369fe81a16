"""JSON Web Token: three parts of base64url between dots, of which the first is a JSON header with an algorithm.

Reference: RFC 7519 3, RFC 7515 7.1.

>>> check("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"), check("eyJub3QiOiJoZWFkZXIifQ.e30.x")
(True, False)
"""

from __future__ import annotations

import base64
import binascii
import json
import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"[-_9Aa]{8,}\.[-_9Aa]*\.[-_9Aa]*"
PREFIXES = ("eyJ",)
PASS_RATE = 1e-6
PRIOR = 4.0
CONTEXT = ("jwt", "token", "bearer", "authorization", "令牌")

_LONGEST_HEADER = 4096  # characters


def _header_has_algorithm(text: str) -> bool:
    head = text.partition(".")[0][:_LONGEST_HEADER]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return False
    return isinstance(header, dict) and "alg" in header


RULES: Rules = (
    (
        "three parts of base64url between dots",
        re.compile(r"eyJ[-_0-9A-Za-z]+\.[-_0-9A-Za-z]*\.[-_0-9A-Za-z]*").fullmatch,
    ),
    ("a header that is JSON and names an algorithm", _header_has_algorithm),
)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
