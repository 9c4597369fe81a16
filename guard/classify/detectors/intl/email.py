"""E-mail address, as people write it: no quoted local parts, no bare host.

Reference: RFC 5321 4.1.2 and 4.5.3.1 (64 characters of local part, 254 in all); RFC 5890 for `xn--` labels.

>>> check("alice.wang+x@example.com"), check("alice@localhost"), check(".alice@example.com"), check("a@b..com")
(True, False, False, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"[Aa9_+.%-]+@[Aa9.-]+\.[Aa9-]{2,}"
PASS_RATE = 1e-4  # no other thing of this shape is common; package specifiers (`a@1.2.3`) fail the rules
PRIOR = 2.0
CONTEXT = ("邮箱", "郵箱", "电子邮件", "電子郵件", "邮件", "email", "mail", "e-mail", "yx", "dzyx")

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_FORM = re.compile(
    rf"[A-Za-z0-9_+%-]+(?:\.[A-Za-z0-9_+%-]+)*@(?:{_LABEL}\.)+(?:[A-Za-z]{{2,24}}|xn--[A-Za-z0-9-]{{2,59}})"
)

RULES: Rules = (
    ("at most 254 characters, 64 before the at sign", lambda text: len(text) <= 254 and 0 < text.find("@") <= 64),
    ("a local part, an at sign, a domain with a top level", _FORM.fullmatch),
)


def normalise(text: str) -> str:
    """In small letters, without surrounding space."""
    return text.strip().lower()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
