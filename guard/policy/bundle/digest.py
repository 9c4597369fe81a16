"""The digest of one file of a bundle, as OPA computes it.

Text files are hashed as they are. JSON documents (`data.json`, `.manifest`) are hashed by their content: keys sorted,
no spaces, numbers as they were written. Reference: openpolicyagent.org, "Bundles", "Signature Format".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from guard.errors import PolicyError

ALGORITHMS = {
    "SHA-224": "sha224",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
    "SHA-512-224": "sha512_224",
    "SHA-512-256": "sha512_256",
}
MANIFEST = ".manifest"
STRUCTURED = frozenset({"data.json", MANIFEST})


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


def digest(name: str, content: bytes, algorithm: str) -> str:
    """The digest in hexadecimal.

    Args:
        name: the file's path in the bundle.
        content: its bytes.
        algorithm: one of `ALGORITHMS`.

    Raises:
        PolicyError: an unknown algorithm, or a JSON document that is none.
    """
    if algorithm not in ALGORITHMS:
        raise PolicyError(
            f"the signature hashes `{name}` with an unknown algorithm", help="sign again; guard uses SHA-256"
        )
    hashed = hashlib.new(ALGORITHMS[algorithm])
    if PurePosixPath(name).name in STRUCTURED:
        try:
            document = json.loads(content, parse_int=_Number, parse_float=_Number, parse_constant=_refuse)
            for part in _canonical(document):
                hashed.update(part.encode())
        except (ValueError, RecursionError):
            raise PolicyError(f"`{name}` of the bundle is not JSON", help="build the bundle again") from None
    else:
        hashed.update(content)
    return hashed.hexdigest()


def _canonical(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield "{"
        for position, key in enumerate(sorted(value, key=lambda text: text.encode())):
            yield f"{',' if position else ''}{_text(key)}:"
            yield from _canonical(value[key])
        yield "}"
    elif isinstance(value, list):
        yield "["
        for position, item in enumerate(value):
            if position:
                yield ","
            yield from _canonical(item)
        yield "]"
    elif isinstance(value, _Number):
        yield str(value)
    elif isinstance(value, str):
        yield _text(value)
    else:
        yield json.dumps(value)


def _text(value: str) -> str:
    """A string as Go's encoder writes it: raw, but for what JSON escapes and the two line separators."""
    return json.dumps(value, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _refuse(_constant: str) -> Any:
    raise ValueError
