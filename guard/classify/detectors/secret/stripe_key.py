"""Secret key of Stripe: sk or rk, live or test, and 24 characters or more.

Reference: Stripe API, authentication.

>>> check("sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc"), check("pk_live_4eC39HqLyjWDarjtT1zdp7dc")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"aa_a{4}_[9Aa]{24,250}"
PREFIXES = ("sk_live_", "sk_test_", "rk_live_", "rk_test_")
PASS_RATE = 1e-6
PRIOR = 5.0
CONTEXT = ("stripe", "secret key", "密钥")

RULES: Rules = (
    (
        "sk or rk, live or test, 24 letters or digits or more",
        re.compile(r"[rs]k_(?:live|test)_[0-9A-Za-z]{24,250}").fullmatch,
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
