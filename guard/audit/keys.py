"""Keys of the log: Ed25519 in the text forms of signed notes, which Go's `note` package reads as well.

    PRIVATE+KEY+<name>+<key id, 8 hex digits>+<base64 of type and seed>      the file, readable by its owner only
    <name>+<key id, 8 hex digits>+<base64 of type and public key>            what a verifier is given

The type byte is the algorithm (C2SP signed-note): 0x01 is Ed25519, with which guard's log signs. Others are read and
refused by name: 0x06 is ML-DSA-44, which signs as a cosigner (`guard.audit.cosign`); 0xff is followed by a name, such
as `sm2`.
"""

from __future__ import annotations

import base64
import os
import re
import stat
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from guard.audit import checkpoint as note
from guard.errors import IntegrityError, KeyUnavailableError
from guard.model import Checkpoint, Sensitive, Value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519 = b"\x01"
SEED_SIZE = 32  # bytes
MAX_KEY_FILE = 8192  # bytes; a key of another algorithm is read as far as its name
OTHER = 0xFF
ALGORITHMS = {
    2: "ECDSA",
    4: "Ed25519 of a cosigner",
    5: "RFC 6962 tree head",
    6: "ML-DSA-44",
}  # by type byte; known by name, and not verified as a log's own key

_PUBLIC = re.compile(r"([!-*,-~]{1,128})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{4,4096}=*)")
_PRIVATE = re.compile(r"PRIVATE\+KEY\+([!-*,-~]{1,128})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{4,4096}=*)\n?")


class PublicKey(Value, frozen=True):
    """A verifier's key: `str(key)` is its text, `PublicKey.parse` reads it back."""

    name: str
    raw: bytes  # 32 bytes, RFC 8032

    @property
    def key_id(self) -> bytes:
        """Four bytes that find the key's signature in a note; an identifier, not a secure hash."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.raw).decode()}"

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """The key of a verifier-key line.

        Raises:
            KeyUnavailableError: the text is not one Ed25519 verifier key.
        """
        match = _PUBLIC.fullmatch(text.strip())
        key = cls(match[1], _key_bytes(match[3])) if match else None
        if match is None or key is None or key.key_id.hex() != match[2]:
            raise KeyUnavailableError(
                "not a verifier key: it is not `name+id+key` of Ed25519",
                help="copy the whole line that `guard audit key` prints",
            )
        return key

    @property
    def all(self) -> tuple[PublicKey, ...]:
        """This key, where several could stand."""
        return (self,)

    def verify(self, checkpoint: Checkpoint) -> None:
        """Checks that this key signed the checkpoint; signatures of other keys are passed over.

        Raises:
            IntegrityError: no signature of this key, or one that does not verify.
        """
        if not self.signed(checkpoint):
            raise IntegrityError(
                f"checkpoint of size {checkpoint.size} is not signed by `{self.name}` with key {self.key_id.hex()}",
                help="check that this is the log's own key; a log signed by another key is another log",
            )

    def signed(self, checkpoint: Checkpoint) -> bool:
        """True when this key signed the checkpoint; signatures of other keys are passed over.

        Raises:
            IntegrityError: a signature bears this key's name and id, and does not verify.
        """
        from cryptography.exceptions import InvalidSignature

        signed = note.body(checkpoint.origin, checkpoint.size, checkpoint.root).encode()
        public = _public(self.raw)
        verified = False
        for line in checkpoint.signatures:
            name, _, encoded = line.partition(" ")
            raw = note.decode64(encoded)
            if name != self.name or raw[:4] != self.key_id:
                continue
            try:
                public.verify(raw[4:], signed)
            except InvalidSignature:
                raise IntegrityError(
                    f"checkpoint of size {checkpoint.size}: the signature of `{name}` is wrong"
                ) from None
            verified = True
        return verified


class PublicKeys(Value, frozen=True):
    """The keys of one log while its key changes: each of them may sign, so one is enough to believe a checkpoint."""

    all: tuple[PublicKey, ...]  # the newest first

    def __post_init__(self) -> None:
        if len({key.name for key in self.all}) != 1:
            msg = "the keys of a log bear its name, and there is at least one"
            raise ValueError(msg)

    @property
    def name(self) -> str:
        """The name of the log."""
        return self.all[0].name

    def verify(self, checkpoint: Checkpoint) -> None:
        """Checks that one of these keys signed the checkpoint.

        Raises:
            IntegrityError: none did, or a signature does not verify.
        """
        if not self.signed(checkpoint):
            self.all[0].verify(checkpoint)

    def signed(self, checkpoint: Checkpoint) -> bool:
        """True when one of these keys signed the checkpoint.

        Raises:
            IntegrityError: a signature bears one of the keys' ids, and does not verify.
        """
        signed = [key.signed(checkpoint) for key in self.all]  # all are looked at: a wrong one must not hide
        return any(signed)


class Signer(Protocol):
    """Signs tree heads under a name, which is also the log's origin."""

    @property
    def public(self) -> PublicKey | PublicKeys:
        """The key that verifies what this signer signs."""

    def lines(self, message: bytes) -> tuple[str, ...]:
        """The signature lines of a note over `message`, without dash and newline."""


class Ed25519Signer:
    """A signer that holds its key in memory; printing it shows the public key."""

    def __init__(self, name: str, seed: Sensitive[bytes]) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if not note.ORIGIN.fullmatch(name):
            msg = f"key name `{name[:80]}` is not 1 to 128 printable characters without space and plus"
            raise KeyUnavailableError(msg)
        self._key = Ed25519PrivateKey.from_private_bytes(seed.reveal())
        self.public = PublicKey(name, self._key.public_key().public_bytes_raw())
        self._start, self._key_id = f"{name} ", self.public.key_id

    def sign(self, message: bytes) -> bytes:
        """64 bytes, RFC 8032."""
        return self._key.sign(message)

    def lines(self, message: bytes) -> tuple[str, ...]:
        """One line."""
        return (self._start + base64.b64encode(self._key_id + self._key.sign(message)).decode(),)

    def __repr__(self) -> str:
        return f"Ed25519Signer({self.public})"


class BothSigners:
    """Signs with the new key and the old one, while verifiers learn the new."""

    def __init__(self, new: Ed25519Signer, old: Ed25519Signer) -> None:
        self._signers = (new, old)
        self.public = PublicKeys((new.public, old.public))

    def lines(self, message: bytes) -> tuple[str, ...]:
        """Two lines, the new key's first."""
        return tuple(line for signer in self._signers for line in signer.lines(message))


def sign(signer: Signer, size: int, root: bytes) -> Checkpoint:
    """The checkpoint of this tree head, signed."""
    name = signer.public.name
    signatures = signer.lines(note.body(name, size, root).encode())
    return Checkpoint(origin=name, size=size, root=root, signatures=signatures)


def create(path: Path, name: str, *, seed: Sensitive[bytes] | None = None) -> Ed25519Signer:
    """Writes a new key file, owner-only and never over an existing one; `seed` is 32 random bytes when not given.

    Raises:
        KeyUnavailableError: the file exists or cannot be written.
    """
    seed = seed or Sensitive(os.urandom(SEED_SIZE))
    signer = Ed25519Signer(name, seed)
    encoded = base64.b64encode(ED25519 + seed.reveal()).decode()
    line = f"PRIVATE+KEY+{name}+{signer.public.key_id.hex()}+{encoded}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise KeyUnavailableError(f"key file `{path}` cannot be created: {error.strerror}") from None
    return signer


def load(path: Path) -> Ed25519Signer:
    """The signer of a key file.

    Raises:
        KeyUnavailableError: the file is missing, not a regular file, readable by others, or not a key.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            status = os.fstat(file.fileno())
            text = file.read(MAX_KEY_FILE + 1)
    except OSError as error:
        raise KeyUnavailableError(f"key file `{path}` cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
        raise KeyUnavailableError(f"key file `{path}` is readable by others", help=f"chmod 600 {path}")
    match = _PRIVATE.fullmatch(text.decode("ascii", "replace"))
    if match is None:
        raise KeyUnavailableError(f"key file `{path}` does not hold an Ed25519 key of a signed note")
    signer = Ed25519Signer(match[1], Sensitive(_key_bytes(match[3])))
    if signer.public.key_id.hex() != match[2]:
        raise KeyUnavailableError(f"key file `{path}` is damaged: the key id does not fit the key")
    return signer


@lru_cache(maxsize=16)
def _public(raw: bytes) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(raw)


def _key_bytes(encoded: str) -> bytes:
    """The 32 bytes behind the type byte.

    Raises:
        KeyUnavailableError: it is not base64, not 32 bytes, or of another algorithm, which is named.
    """
    try:
        raw = note.decode64(encoded)
    except IntegrityError:
        raise KeyUnavailableError("not a key of a signed note: it is not base64") from None
    if raw[:1] != ED25519:
        raise KeyUnavailableError(
            f"a log's key of algorithm `{_algorithm(raw)}` cannot be used; guard's logs sign with Ed25519",
            help="let a witness sign with ML-DSA-44: `guard witness init --algorithm ml-dsa-44`",
        )
    if len(raw) != 1 + SEED_SIZE:
        raise KeyUnavailableError("not a key of a signed note: it is not 33 bytes of base64")
    return raw[1:]


def _algorithm(raw: bytes) -> str:
    """The name of another algorithm."""
    if raw[0] == OTHER:
        return raw[1:].split(b"\n", 1)[0][:32].decode("ascii", "replace")
    return ALGORITHMS.get(raw[0], f"type {raw[0]}")
