"""Hardware address of a network interface (MAC-48, EUI-48): six octets between colons or hyphens, or three groups
between dots.

Reference: IEEE 802-2014 clause 8.

>>> check("00:1A:2B:3C:4D:5E"), check("001a.2b3c.4d5e"), check("00:1A:2B:3C:4D")
(True, True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"[9Aa]{2}(?::[9Aa]{2}){5}|[9Aa]{2}(?:-[9Aa]{2}){5}|[9Aa]{4}(?:\.[9Aa]{4}){2}"
PASS_RATE = 0.01
PRIOR = 4.0
CONTEXT = ("mac", "mac地址", "物理地址", "网卡", "hardware address", "bssid", "wifi")

_FORM = re.compile(r"[0-9A-F]{2}([:-])(?:[0-9A-F]{2}\1){4}[0-9A-F]{2}|[0-9A-F]{4}(?:\.[0-9A-F]{4}){2}")

RULES: Rules = (("twelve hexadecimal digits in octets or groups of four", _FORM.fullmatch),)


def normalise(text: str) -> str:
    """In capitals, without surrounding space."""
    return text.strip().upper()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
