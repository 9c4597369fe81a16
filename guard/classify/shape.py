"""The shape of a text: what is left when characters become classes. Detectors are chosen by shape, then they check.

| class | stands for |
|---|---|
| `9` | an ASCII digit |
| `A`, `a` | a capital, a small letter (Latin, Greek, Cyrillic) |
| `汉` | a Chinese character |
| anything else | itself |

>>> shape_of("京A12345")
'汉A99999'
"""

from __future__ import annotations

import re

_ASCII = dict.fromkeys(range(48, 58), "9") | dict.fromkeys(range(65, 91), "A") | dict.fromkeys(range(97, 123), "a")
HAN = "\u3400-\u4dbf\u4e00-\u9fff\u3007\uf900-\ufaff"
_HAN = re.compile(f"[{HAN}]")
_LETTER = re.compile(r"[\u00aa-\u024f\u0370-\u052f](?<![\W\d_])")  # é, Ł, Ω, ж: letters that are not ASCII


def shape_of(text: str) -> str:
    """The shape, of the same length as `text` (already folded, see `fold`)."""
    shape = text.translate(_ASCII)
    if shape.isascii():
        return shape
    shape = _HAN.sub("汉", shape)
    return _LETTER.sub(lambda found: "A" if found.group().isupper() else "a", shape)


def shapes_of(texts: list[str]) -> list[str]:
    """`[shape_of(text) for text in texts]`, in one pass over all of them; no text holds a line feed."""
    return shape_of("\n".join(texts)).split("\n") if texts else []
