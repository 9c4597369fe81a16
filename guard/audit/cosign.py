"""Cosignatures: statements by others that they saw a checkpoint, and that it extends what they saw before.

C2SP tlog-cosignature, both kinds. A signature line carries key id, time (POSIX seconds, 8 bytes) and signature:

    0x04  Ed25519     over `cosignature/v1`, `time <seconds>` and the checkpoint's body, a line each
    0x06  ML-DSA-44   over the `cosigned_message` structure, which names cosigner and log (FIPS 204)
    0xff  any other algorithm, by name; `sm2` (GM/T 0003 with SM3) is reserved, and refused until guard can verify it

A key is written `<name>+<key id, 8 hex digits>+<base64 of type and key>`, as the log's own.
"""

from __future__ import annotations

import base64
import os
import re
import struct
from collections.abc import Sequence
from enum import IntEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from guard.audit import checkpoint as note
from guard.audit.secret_file import read_secret_file, write_secret_file
from guard.errors import IntegrityError, KeyUnavailableError
from guard.model import Checkpoint, Sensitive, Value

SEED_SIZE = 32  # bytes, of both kinds
MAX_TIME = 2**63 - 1

_TIME = struct.Struct(">Q")
_LABEL = b"subtree/v1\n\x00"
_KEY = re.compile(r"([!-*,-~]{1,128})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{8,2048}=*)")
_SECRET = re.compile(r"PRIVATE\+KEY\+([!-*,-~]{1,128})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44}=*)\n?")


class Algorithm(IntEnum):
    """The type byte of a key; further algorithms are numbers that this guard does not know yet."""

    ED25519 = 0x04
    ML_DSA_44 = 0x06
    OTHER = 0xFF


SIZES = {Algorithm.ED25519: (32, 64), Algorithm.ML_DSA_44: (1312, 2420)}  # bytes of key and signature


class CosignerKey(Value, frozen=True):
    """The public key of a cosigner: `str(key)` is its text, `CosignerKey.parse` reads it back."""

    name: str
    algorithm: Algorithm
    raw: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that find the key's signature in a note; an identifier, not a secure hash."""
        return sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.raw).digest()[:4]

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([self.algorithm]) + self.raw).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> CosignerKey:
        """The key of a verifier-key line.

        Raises:
            KeyUnavailableError: the text is not one key of a cosigner, or of an algorithm that guard does not verify.
        """
        match = _KEY.fullmatch(text.strip())
        if match is None:
            raise KeyUnavailableError("not a witness key: it is not `name+id+key`", help=_COPY)
        try:
            raw = note.decode64(match[3])
        except IntegrityError:
            raise KeyUnavailableError("not a witness key: its third part is not base64", help=_COPY) from None
        key = cls(match[1], _algorithm(raw), raw[1:])
        if len(key.raw) != SIZES[key.algorithm][0] or key.key_id.hex() != match[2]:
            raise KeyUnavailableError("not a witness key: key id and key do not fit", help=_COPY)
        return key

    def verify(self, checkpoint: Checkpoint) -> int | None:
        """The time, in POSIX seconds, at which this cosigner signed the checkpoint; None when it did not.

        Raises:
            IntegrityError: a line bears this key's name and id and does not verify.
        """
        latest: int | None = None
        for line in checkpoint.signatures:
            name, _, encoded = line.partition(" ")
            raw = note.decode64(encoded)
            if name != self.name or raw[:4] != self.key_id:
                continue
            time = _TIME.unpack_from(raw, 4)[0] if len(raw) == 12 + SIZES[self.algorithm][1] else MAX_TIME + 1
            if time > MAX_TIME or not _verifies(self, raw[12:], message(self, checkpoint, time)):
                raise IntegrityError(f"checkpoint of size {checkpoint.size}: the cosignature of `{name}` is wrong")
            latest = max(time, latest or 0)
        return latest


_COPY = "copy the whole line that `guard witness key` prints"


def message(key: CosignerKey, checkpoint: Checkpoint, time: int) -> bytes:
    """What a cosigner signs."""
    if key.algorithm is Algorithm.ED25519:
        body = note.body(checkpoint.origin, checkpoint.size, checkpoint.root)
        return f"cosignature/v1\ntime {time}\n{body}".encode()
    name, origin = key.name.encode(), checkpoint.origin.encode()
    return b"".join(
        (
            _LABEL,
            bytes([len(name)]) + name,
            _TIME.pack(time),
            bytes([len(origin)]) + origin,
            struct.pack(">QQ", 0, checkpoint.size),
            checkpoint.root,
        )
    )


class Cosigner:
    """Signs checkpoints of other people's logs; printing it shows the public key."""

    def __init__(self, name: str, seed: Sensitive[bytes], algorithm: Algorithm = Algorithm.ED25519) -> None:
        if not note.ORIGIN.fullmatch(name):
            raise KeyUnavailableError(
                f"witness name `{name[:80]}` is not 1 to 128 printable characters without space and plus"
            )
        self._key = _private(algorithm, seed.reveal())
        self.public = CosignerKey(name, algorithm, self._key.public_key().public_bytes_raw())

    def cosign(self, checkpoint: Checkpoint, time: int) -> str:
        """The signature line, without dash and newline. Whoever calls it has verified that the log only grew."""
        signature = self._key.sign(message(self.public, checkpoint, time))
        encoded = base64.b64encode(self.public.key_id + _TIME.pack(time) + signature).decode()
        return f"{self.public.name} {encoded}"

    def __repr__(self) -> str:
        return f"Cosigner({self.public.name})"


def create(path: Path, name: str, algorithm: Algorithm = Algorithm.ED25519) -> Cosigner:
    """Writes a new key file, owner-only and never over an existing one.

    Raises:
        KeyUnavailableError: the file exists or cannot be written, or the algorithm is not available.
    """
    seed = os.urandom(SEED_SIZE)
    cosigner = Cosigner(name, Sensitive(seed), algorithm)
    encoded = base64.b64encode(bytes([algorithm]) + seed).decode()
    write_secret_file(path, f"PRIVATE+KEY+{name}+{cosigner.public.key_id.hex()}+{encoded}\n")
    return cosigner


def load(path: Path) -> Cosigner:
    """The cosigner of a key file.

    Raises:
        KeyUnavailableError: the file is missing, readable by others, not a key, or of an unknown algorithm.
    """
    match = _SECRET.fullmatch(read_secret_file(path))
    if match is None:
        raise KeyUnavailableError(f"key file `{path}` does not hold a witness's key")
    raw = base64.b64decode(match[3])
    cosigner = Cosigner(match[1], Sensitive(raw[1:]), _algorithm(raw))
    if cosigner.public.key_id.hex() != match[2]:
        raise KeyUnavailableError(f"key file `{path}` is damaged: the key id does not fit the key")
    return cosigner


class Quorum(Value, frozen=True):
    """Whom a verifier believes: at least `needed` of these witnesses must have seen a checkpoint."""

    witnesses: tuple[CosignerKey, ...]
    needed: int

    def __post_init__(self) -> None:
        names = {(witness.name, witness.raw) for witness in self.witnesses}
        if not 0 < self.needed <= len(self.witnesses) or len(names) != len(self.witnesses):
            msg = "a quorum needs 1 to n of n different witnesses"
            raise ValueError(msg)

    def require(self, checkpoint: Checkpoint) -> tuple[str, ...]:
        """The names of the witnesses that saw the checkpoint.

        Raises:
            IntegrityError: fewer than needed did, or a cosignature is wrong.
        """
        seen = tuple(key.name for key in self.witnesses if key.verify(checkpoint) is not None)
        if len(seen) < self.needed:
            raise IntegrityError(
                f"checkpoint of size {checkpoint.size} was seen by {len(seen)} of {len(self.witnesses)} witnesses,"
                f" {self.needed} are needed",
                help="let the log ask its witnesses: `guard witness ask`",
            )
        return seen


def quorum(keys: Sequence[str], needed: int | None = None) -> Quorum:
    """A quorum of keys given as text; all of them when `needed` is not given.

    Raises:
        KeyUnavailableError: a text is not a witness's key, or the numbers do not fit.
    """
    parsed = tuple(map(CosignerKey.parse, keys))
    try:
        return Quorum(parsed, len(parsed) if needed is None else needed)
    except ValueError as error:
        raise KeyUnavailableError(str(error)) from None


def merged(checkpoint: Checkpoint, lines: Sequence[str]) -> Checkpoint:
    """The checkpoint with further signature lines; a later line of the same key takes the place of the earlier."""
    kept = {_identity(line): line for line in (*checkpoint.signatures, *lines)}
    return Checkpoint(checkpoint.origin, checkpoint.size, checkpoint.root, tuple(kept.values()))


def _identity(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.partition(" ")
    return name, note.decode64(encoded)[:4]


def _algorithm(raw: bytes) -> Algorithm:
    """The algorithm of a key's first byte, where guard verifies it."""
    try:
        found = Algorithm(raw[0])
    except ValueError:
        raise KeyUnavailableError(
            f"key type {raw[0]} is no cosignature: guard knows Ed25519 (4) and ML-DSA-44 (6)"
        ) from None
    if found is Algorithm.OTHER:
        name = raw[1:].split(b"\n", 1)[0][:32].decode("ascii", "replace")
        raise KeyUnavailableError(
            f"witness algorithm `{name}` is reserved, and this guard cannot verify it",
            help="use a witness with Ed25519 or ML-DSA-44",
        )
    return found


def _private(algorithm: Algorithm, seed: bytes) -> Any:
    if algorithm is Algorithm.ED25519:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(seed)
    return _mldsa().MLDSA44PrivateKey.from_seed_bytes(seed)


def _mldsa() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import mldsa
    except ImportError:
        raise KeyUnavailableError(
            "ML-DSA-44 needs a newer `cryptography`", help="pip install 'cryptography>=50'"
        ) from None
    return mldsa


def _verifies(key: CosignerKey, signature: bytes, signed: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    public: Any
    if key.algorithm is Algorithm.ED25519:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        public = Ed25519PublicKey.from_public_bytes(key.raw)
    else:
        public = _mldsa().MLDSA44PublicKey.from_public_bytes(key.raw)
    try:
        public.verify(signature, signed)
    except InvalidSignature:
        return False
    return True
