"""Random texts of a shape: a shape pattern is expanded, and each class becomes a random character of it."""

from __future__ import annotations

import random
import re
from typing import Any

_parser: Any = re._parser  # type: ignore[attr-defined]  # the standard parser, so that patterns are read as `re` reads them
HAN = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动"
    "同工也能下过子说产种面而方后多定行学法所民得经"
)


def random_text(pattern: str, r: random.Random) -> str:
    """A random text whose shape matches `pattern`."""
    classes = {"9": "0123456789", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a": "abcdefghijklmnopqrstuvwxyz", "汉": HAN}
    return "".join(r.choice(classes.get(char, char)) for char in _expand(_parser.parse(pattern), r))


def _expand(tokens: Any, r: random.Random) -> str:
    return "".join(_one(str(name), argument, r) for name, argument in tokens)


def _one(name: str, argument: Any, r: random.Random) -> str:
    if name == "LITERAL":
        return chr(argument)
    if name == "IN":
        return chr(r.choice([code for item, code in argument if str(item) == "LITERAL"]))
    if name == "MAX_REPEAT":
        low, high, inner = argument
        return "".join(_expand(inner, r) for _ in range(r.randint(low, min(int(high), low + 8))))
    if name == "BRANCH":
        return _expand(r.choice(argument[1]), r)
    if name == "SUBPATTERN":
        return _expand(argument[3], r)
    raise NotImplementedError(name)
