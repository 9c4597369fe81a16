"""Connection string with a password in it: scheme, user, colon, password, at sign, host.

Reference: RFC 3986 3.2.1 (the deprecated user:password form).

>>> check("postgresql://app:S3cret@db.internal:5432/crm"), check("postgresql://app@db.internal/crm")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"[a9+.-]{2,30}://[^\s@]+@\S+"
PASS_RATE = 1e-6
PRIOR = 5.0
CONTEXT = ("dsn", "jdbc", "connection", "database", "连接串", "連線")

RULES: Rules = (
    (
        "a scheme, a user, a password and a host",
        re.compile(r"[a-z][a-z0-9+.-]{1,29}://[^\s:/@]{1,128}:[^\s/@]{1,256}@[^\s/@]{1,255}\S*").fullmatch,
    ),
    ("a password that is not a placeholder", lambda text: not re.search(r":(?:\*+|x+|<[^>]*>|\$\{[^}]*\}|%s)@", text)),
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
