"""Signed tree heads: C2SP tlog-checkpoint inside C2SP signed-note, with one accepted spelling.

    example.org/log
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — example.org/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeO...

`parse(text(c)) == c` and `text(parse(s)) == s`. Extension lines are refused: monitors cannot audit them, and guard
writes none. Reading says nothing about trust; `keys.PublicKey.verify` does.
"""

from __future__ import annotations

import base64
import binascii
import re

from guard.audit.tree import HASH_SIZE, MAX_SIZE
from guard.errors import IntegrityError
from guard.model import Checkpoint

MAX_NOTE = 16_384  # bytes; sixteen signatures, some of them post-quantum, need less
MAX_SIGNATURES = 16
MAX_ORIGIN = 128  # characters

ORIGIN = re.compile(r"[!-*,-~]{1,128}")  # printable ASCII, no space, no plus
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE = re.compile(r"([!-*,-~]{1,128}) ([A-Za-z0-9+/]{8,8192}={0,2})")
_DASH = "— "


def body(origin: str, size: int, root: bytes) -> str:
    """The text that is signed: three lines, the last newline included."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def text(checkpoint: Checkpoint) -> str:
    """The signed note as it is stored and sent."""
    lines = "".join(f"{_DASH}{signature}\n" for signature in checkpoint.signatures)
    return f"{body(checkpoint.origin, checkpoint.size, checkpoint.root)}\n{lines}"


def parse(note: str) -> Checkpoint:
    """The checkpoint of a signed note, unverified.

    Raises:
        IntegrityError: the note is not exactly a checkpoint with 1 to 16 signature lines.
    """
    if len(note) > MAX_NOTE:
        raise _refused(f"it is longer than {MAX_NOTE} characters")
    head, gap, tail = note.partition("\n\n")
    lines = head.split("\n")
    if not gap or len(lines) != 3:
        raise _refused("it is not three lines, an empty line and signatures")
    origin, size, root = lines
    if not ORIGIN.fullmatch(origin):
        raise _refused("the origin is not a printable name without space and plus")
    if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
        raise _refused("the tree size is not a plain decimal")
    signatures = tail.split("\n")
    if signatures.pop() != "" or not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise _refused(f"it has not 1 to {MAX_SIGNATURES} whole signature lines")
    for line in signatures:
        match = _SIGNATURE.fullmatch(line.removeprefix(_DASH))
        if not line.startswith(_DASH) or match is None or len(decode64(match[2])) < 5:
            raise _refused("a signature line is not dash, name and base64")
    return Checkpoint(
        origin=origin,
        size=int(size),
        root=decode64(root, size=HASH_SIZE),
        signatures=tuple(line.removeprefix(_DASH) for line in signatures),
    )


def decode64(encoded: str, *, size: int | None = None) -> bytes:
    """Standard base64 in its one canonical spelling, of `size` bytes where that is given.

    Raises:
        IntegrityError: another alphabet, missing padding, stray bits, or the wrong size.
    """
    try:
        raw = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise _refused("a line is not base64") from None
    if base64.b64encode(raw).decode() != encoded or (size is not None and len(raw) != size):
        raise _refused("a line is not canonical base64 of the right length")
    return raw


def _refused(cause: str) -> IntegrityError:
    return IntegrityError(f"not a checkpoint: {cause}")
