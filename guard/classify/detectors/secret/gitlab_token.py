"""Token of GitLab: glpat- and 20 characters or more.

Reference: GitLab Docs, token overview, token prefixes.

>>> check("glpat-Xy3kP9vQ7mNb2sLd8RfG"), check("glpat-1")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"a{5}-[-_9Aa.]{20,300}"
PREFIXES = ("glpat-", "gldt-", "glrt-")
PASS_RATE = 1e-6
PRIOR = 5.0
CONTEXT = ("gitlab", "token", "令牌")

RULES: Rules = (
    ("a prefix of GitLab and 20 characters or more", re.compile(r"gl(?:pat|dt|rt)-[-_.0-9A-Za-z]{20,300}").fullmatch),
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
