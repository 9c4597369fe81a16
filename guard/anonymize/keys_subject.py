"""Keys of one person each, so that a person can be erased by destroying a key (crypto-shredding).

Each subject has a random root of 32 bytes, wrapped under the keyring and kept in a store; it is derived from nothing,
so that once it is gone, nothing gives it back: not the keyring, not its backups. What stands under the subject's keys
is then noise wherever it was copied to. The store must really delete, its backups included, and that is its promise.

A record is found by its handle, the HMAC of the person's id under a random key that is a record itself, so that handles
outlive every version of the keyring.

Reference: NIST SP 800-88 Rev. 1, section 2.6 (cryptographic erase); GDPR art. 17; PIPL art. 47.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Protocol

from guard.anonymize.keys import SECRET_BYTES, Keyring, Keys
from guard.anonymize.keys_envelope import LocalKek
from guard.errors import KeyUnavailableError
from guard.model import Sensitive

MAX_SUBJECT_BYTES = 1024
INDEX = "0" * 64  # the handle of the record that holds the key of handles
_PURPOSE = "guard/subjects"

Random = Callable[[int], bytes]


class SubjectStore(Protocol):
    """Port of where wrapped keys are kept, by handle: 64 hexadecimal digits that name nobody."""

    def get(self, handle: str) -> bytes | None:
        """The record, or None."""

    def put(self, handle: str, record: bytes) -> bool:
        """Keeps a record where there is none, durable when this returns; False where there is one already."""

    def replace(self, handle: str, record: bytes) -> None:
        """Overwrites the record, durable when this returns; makes it where there is none."""

    def handles(self) -> Iterable[str]:
        """The handles of all records."""

    def sweep(self) -> None:
        """After this not one byte of a record that was replaced stays behind."""


class SubjectKeys:
    """Creates, finds and destroys the keys of subjects.

    A record is `1`, the key version, and the wrapped root; after `destroy` it is the tombstone `0`, for ever: a person
    who was erased does not silently get a new key under which old values would be taken for damaged ones.
    """

    __slots__ = ("_random", "_ring", "_store")

    def __init__(self, ring: Keyring, store: SubjectStore, *, random: Random = secrets.token_bytes) -> None:
        self._ring, self._store, self._random = ring, store, random

    def create(self, subject: str, purpose: str) -> Keys:
        """The keys of a subject for a purpose; made when there are none.

        Raises:
            KeyUnavailableError: the keys of this subject were destroyed.
        """
        if self._store.get(INDEX) is None:
            self._make(INDEX)
        handle = self._handle(subject)
        if self._store.get(handle) is None:
            self._make(handle)
        return self.derive(subject, purpose)  # what is in the store, also when another process was first

    def derive(self, subject: str, purpose: str) -> Keys:
        """The keys of a subject for a purpose.

        Raises:
            KeyUnavailableError: there are none, or they were destroyed.
        """
        handle = self.handle(subject)
        record = self._store.get(handle) if handle else None
        if record is None or record == TOMBSTONE:
            what = "were destroyed" if record else "were never made"
            msg = f"the keys of this subject {what}"
            raise KeyUnavailableError(
                msg, help="what stands under them cannot be read any more" if record else "create them"
            )
        return Keyring({1: self._open(handle, record)}).bind(purpose)

    def handle(self, subject: str) -> str:
        """Where the subject's record is or was, in a form that names nobody; empty where no keys were ever made."""
        return self._handle(subject) if self._store.get(INDEX) is not None else ""

    def holds(self, subject: str) -> bool:
        """True when the subject has keys that were not destroyed."""
        handle = self.handle(subject)
        return bool(handle) and self._store.get(handle) not in (None, TOMBSTONE)

    def was_destroyed(self, subject: str) -> bool:
        """True when the subject had keys, or none yet, and they were destroyed."""
        handle = self.handle(subject)
        return bool(handle) and self._store.get(handle) == TOMBSTONE

    def destroy(self, subject: str) -> bool:
        """Leaves a tombstone in place of the keys; False where there were none to destroy."""
        if self._store.get(INDEX) is None:
            self._make(INDEX)
        held = self.holds(subject)
        destroy_handle(self._store, self._handle(subject))
        return held

    def rewrap(self) -> int:
        """Wraps every root under the current version of the keyring; how many were under another one.

        Raises:
            KeyUnavailableError: a record is damaged, or its version of the keyring is not there.
        """
        moved, current = 0, self._ring.current
        for handle in tuple(self._store.handles()):
            record = self._store.get(handle)
            if record is None or record == TOMBSTONE or _parse(record)[0] == current:
                continue
            self._store.replace(handle, self._wrapped(handle, self._open(handle, record)))
            moved += 1
        if moved:
            self._store.sweep()
        return moved

    def _make(self, handle: str) -> None:
        self._store.put(handle, self._wrapped(handle, Sensitive(self._random(SECRET_BYTES))))

    def _wrapped(self, handle: str, root: Sensitive[bytes]) -> bytes:
        current = self._ring.current
        return b"1 %d " % current + self._kek(current).wrap(root, handle.encode())

    def _open(self, handle: str, record: bytes) -> Sensitive[bytes]:
        version, wrapped = _parse(record)
        return self._kek(version).unwrap(wrapped, handle.encode())

    def _handle(self, subject: str) -> str:
        import hashlib
        import hmac

        if not subject or len(subject.encode()) > MAX_SUBJECT_BYTES:
            msg = f"a subject has 1 to {MAX_SUBJECT_BYTES} bytes"
            raise KeyUnavailableError(msg, help="name the person by an identifier")
        key = Keyring({1: self._open(INDEX, self._store.get(INDEX) or b"")}).derive(_PURPOSE, "handle")
        return hmac.new(key.reveal(), subject.encode(), hashlib.sha256).hexdigest()

    def _kek(self, version: int) -> LocalKek:
        return LocalKek(f"subjects/{version}", self._ring.derive(_PURPOSE, "wrap", version), random=self._random)


TOMBSTONE = b"0"


def destroy_handle(store: SubjectStore, handle: str) -> None:
    """Leaves a tombstone under a handle, and nothing of what stood there; needs no key."""
    store.replace(handle, TOMBSTONE)
    store.sweep()


def _parse(record: bytes) -> tuple[int, bytes]:
    kind, _, rest = record.partition(b" ")
    version, _, wrapped = rest.partition(b" ")
    if kind != b"1" or not version.isdigit() or not wrapped:
        msg = "the record of a subject's keys is damaged"
        raise KeyUnavailableError(msg, help="restore the store of subject keys from its backup")
    return int(version), wrapped
