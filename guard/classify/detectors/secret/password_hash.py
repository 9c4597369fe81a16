"""Stored password in a crypt form: bcrypt, argon2, scrypt, PBKDF2, yescrypt, SHA-crypt. Weak ones can be guessed back.

References: PHC string format; crypt(5).

>>> check("$2b$12$" + "C6UzMDM.H6dfI/f/IKcEeO7zF0YpJ9mFZQm3rW7nq3cQ3u1v8wK5e"), check("$2b$12$short")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"\$[9Aa-]{1,14}\$\S{20,300}"
PASS_RATE = 1e-6
ANCHORED = True
PRIOR = 5.0
CONTEXT = ("password", "passwd", "hash", "密码", "密碼", "mm")

PATTERN = (
    r"\$2[abxy]\$[0-9]{2}\$[./0-9A-Za-z]{53}|\$argon2(?:id|i|d)\$[!-~]{20,280}"
    r"|\$(?:5|6|y|7|scrypt|pbkdf2(?:-sha(?:1|256|512))?)\$[!-~]{20,280}"
)

RULES: Rules = (("a scheme of crypt, its parameters and a hash", re.compile(PATTERN).fullmatch),)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
