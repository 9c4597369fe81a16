"""Token of GitHub: a prefix that says its kind, and 36 characters or more.

Reference: GitHub, "Behind GitHub's new authentication token formats" (2021): ghp, gho, ghu, ghs, ghr; github_pat.

>>> check("ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"), check("ghp_short")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"a{3}_[9Aa]{36,255}|a{6}_a{3}_[9Aa_]{22,255}"
PREFIXES = ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_")
PASS_RATE = 1e-6
PRIOR = 5.0
CONTEXT = ("github", "token", "令牌")

RULES: Rules = (
    (
        "a prefix of GitHub and its length",
        re.compile(r"gh[pousr]_[0-9A-Za-z]{36,255}|github_pat_[0-9A-Za-z_]{22,255}").fullmatch,
    ),
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
