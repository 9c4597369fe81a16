"""Tokens that say what made them: `g`, the key version, a letter for construction and format, `_`, and the body.

    g3c_   AES-CMAC, 24 hexadecimal digits          g3k_   SM4-CMAC, the same
    g3s_   AES-SIV, base64url                       g3e_   AES-GCM envelope, base64url
                                                    g3m_   SM4-GCM envelope, base64url

(`g3_` without a letter is the HMAC of `transforms/pseudonym.py`.) A letter stands for one format for ever; a new format
takes a new letter. The head is authenticated with the body where the construction authenticates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guard.errors import TransformError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

MAX_VERSION_DIGITS = 3

_HEAD = re.compile(rb"g[1-9][0-9]{0,2}[a-z]_")


class Part(NamedTuple):
    """Rows of one key version. `rows` None is all of them, in order."""

    rows: NDArray[np.intp] | None
    version: int
    body: Bytes


def head(version: int, letter: str) -> bytes:
    """What a token of this version and format begins with.

    >>> head(3, "s")
    b'g3s_'
    """
    return f"g{version}{letter}_".encode()


def split(token: bytes, letter: str) -> tuple[int, bytes]:
    """Version and body of one token.

    Raises:
        TransformError: not a token of this format.
    """
    found = _HEAD.match(token)
    if found is None or token[found.end() - 2 : found.end() - 1] != letter.encode():
        raise foreign(letter)
    return int(token[1 : found.end() - 2]), token[found.end() :]


def parts(tokens: Bytes, letter: str) -> Iterator[Part]:
    """Tokens of one length by the key version in them.

    Raises:
        TransformError: one of them is not a token of this format.
    """
    left = len(tokens)
    for digits in range(1, MAX_VERSION_DIGITS + 1):
        size = digits + 3
        if tokens.shape[1] < size or not left:
            break
        heads = np.ascontiguousarray(tokens[:, :size])
        same = (heads == heads[0]).all()  # one version in the whole column: the usual case, without sorting
        kinds = heads[:1] if same else np.unique(heads, axis=0)
        for kind in kinds:
            text = kind.tobytes()
            if not _HEAD.fullmatch(text) or text[-2:-1] != letter.encode():
                continue
            rows = None if same else np.flatnonzero((heads == kind).all(axis=1))
            left -= len(tokens) if rows is None else len(rows)
            yield Part(rows, int(text[1:-2]), tokens[:, size:] if rows is None else tokens[rows, size:])
    if left:
        raise foreign(letter)


def foreign(letter: str) -> TransformError:
    """The error of a value that is no token of this format."""
    msg = f"a value is not a token of the form `g<version>{letter}_...`"
    return TransformError(msg, help="turn back only what this transform made; the letter says which one it was")


def broken(what: str) -> TransformError:
    """The error of a token that does not open."""
    msg = f"a token does not open: {what}"
    return TransformError(msg, help="it was changed, or made under another key, purpose or domain: restore it")
