"""Access key identifier of Amazon Web Services: a four-letter prefix and 16 characters of base 32.

Reference: AWS IAM User Guide, unique identifiers (AKIA long-term, ASIA temporary).

>>> check("AKIAIOSFODNN7EXAMPLE"), check("AKIAIOSFODNN1EXAMPLE")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"A{4}[9A]{16}"
PREFIXES = ("AKIA", "ASIA", "ABIA", "ACCA")
PASS_RATE = 1e-5
PRIOR = 4.0
CONTEXT = ("aws", "access key", "aws_access_key_id", "密钥")

RULES: Rules = (
    ("a prefix of AWS and 16 characters of base 32", re.compile(r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}").fullmatch),
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
