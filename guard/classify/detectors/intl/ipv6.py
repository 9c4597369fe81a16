"""Internet address, version 6, in any of its text forms.

Reference: RFC 4291 2.2, RFC 5952.

>>> check("2001:db8::8a2e:370:7334"), check("12:34:56"), check("::1")
(True, False, True)
"""

from __future__ import annotations

import ipaddress

from guard.classify.rule import Rules, passes, words

SHAPE = r"[9Aa]{0,4}(?::[9Aa]{0,4}){2,7}(?:9{1,3}(?:\.9{1,3}){3})?(?:%[Aa9]{1,16})?"
PASS_RATE = 0.004
PRIOR = 0.0
CONTEXT = ("ip", "ipv6", "ip地址", "address", "host")


def _parses(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


RULES: Rules = (
    ("groups of up to four hexadecimal digits between colons", lambda text: text.count(":") >= 2 and len(text) > 2),
    ("an address of RFC 4291", _parses),
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
