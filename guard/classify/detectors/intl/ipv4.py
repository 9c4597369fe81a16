"""Internet address, version 4, in dotted decimal without leading zeros.

A version number of four parts has the same form; context and the size of the parts tell.

Reference: RFC 791; RFC 6943 3.1.1 on leading zeros.

>>> check("192.168.1.1"), check("192.168.1.256"), check("192.168.01.1")
(True, False, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"9{1,3}(?:\.9{1,3}){3}"
PASS_RATE = 0.21
PRIOR = 0.0
CEILING = 16.0
CONTEXT = (
    "ip",
    "ip地址",
    "ipv4",
    "address",
    "host",
    "server",
    "client",
    "remote",
    "来源",
    "服务器",
    "主机",
    "网关",
    "gateway",
)

_FORM = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!\Z)|\Z)){4}")

RULES: Rules = (
    ("four numbers from 0 to 255 without leading zeros", _FORM.fullmatch),
    (
        "more than one digit in some part, unlike most versions",
        lambda text: len(text) > 7 or text.startswith(("0.", "1.1.1.1", "8.8.8.8")),
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
