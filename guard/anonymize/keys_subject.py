"""Keys of one person each, so that a person can be erased by destroying a key (crypto-shredding).

Each subject has a random root of 32 bytes, wrapped under the keyring and kept in a store; it is derived from nothing,
so that once it is gone, nothing gives it back: not the keyring, not its backups. What stands under the subject's keys
is then noise wherever it was copied to. The store must really delete, its backups included, and that is its promise.

Reference: NIST SP 800-88 Rev. 1, section 2.6 (cryptographic erase); GDPR art. 17; PIPL art. 47.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Protocol

from guard.anonymize.keys import SECRET_BYTES, Keyring, Keys
from guard.anonymize.keys_envelope import LocalKek
from guard.errors import KeyUnavailableError
from guard.model import Sensitive

MAX_SUBJECT_BYTES = 1024
_PURPOSE = "guard/subjects"

Random = Callable[[int], bytes]


class SubjectStore(Protocol):
    """Port of where wrapped keys are kept, by handle: 64 hexadecimal digits that name nobody."""

    def get(self, handle: str) -> bytes | None:
        """The record, or None."""

    def put(self, handle: str, record: bytes) -> bool:
        """Keeps a record where there is none, durable when this returns; False where there is one already."""

    def replace(self, handle: str, record: bytes) -> None:
        """Overwrites the record, durable when this returns: not one byte of the old one stays behind."""


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
        handle = self._handle(subject)
        if self._store.get(handle) is None:
            version, root = self._ring.current, Sensitive(self._random(SECRET_BYTES))
            self._store.put(handle, b"1 %d " % version + self._kek(version).wrap(root, handle.encode()))
        return self.derive(subject, purpose)  # what is in the store, also when another process was first

    def derive(self, subject: str, purpose: str) -> Keys:
        """The keys of a subject for a purpose.

        Raises:
            KeyUnavailableError: there are none, or they were destroyed.
        """
        handle = self._handle(subject)
        record = self._store.get(handle)
        if record is None or record == _TOMBSTONE:
            what = "were destroyed" if record else "were never made"
            msg = f"the keys of this subject {what}"
            raise KeyUnavailableError(
                msg, help="what stands under them cannot be read any more" if record else "create them"
            )
        version, wrapped = _parse(record)
        root = self._kek(version).unwrap(wrapped, handle.encode())
        return Keyring({1: root}).bind(purpose)

    def destroy(self, subject: str) -> bool:
        """Leaves a tombstone in place of the keys; False where there were none to destroy."""
        handle = self._handle(subject)
        record = self._store.get(handle)
        self._store.replace(handle, _TOMBSTONE)
        return record is not None and record != _TOMBSTONE

    def rewrap(self, subject: str) -> None:
        """Wraps the root of a subject under the current version of the keyring.

        Raises:
            KeyUnavailableError: see `derive`.
        """
        self.derive(subject, _PURPOSE)
        handle = self._handle(subject)
        version, wrapped = _parse(self._store.get(handle) or b"")
        root, current = self._kek(version).unwrap(wrapped, handle.encode()), self._ring.current
        self._store.replace(handle, b"1 %d " % current + self._kek(current).wrap(root, handle.encode()))

    def _handle(self, subject: str) -> str:
        """A name that says nothing without the keyring. Under its first version, so that it outlives rotations."""
        import hashlib
        import hmac

        if not subject or len(subject.encode()) > MAX_SUBJECT_BYTES:
            msg = f"a subject has 1 to {MAX_SUBJECT_BYTES} bytes"
            raise KeyUnavailableError(msg, help="name the person by an identifier")
        key = self._ring.derive(_PURPOSE, "handle", self._ring.versions[0])
        return hmac.new(key.reveal(), subject.encode(), hashlib.sha256).hexdigest()

    def _kek(self, version: int) -> LocalKek:
        return LocalKek(f"subjects/{version}", self._ring.derive(_PURPOSE, "wrap", version), random=self._random)


_TOMBSTONE = b"0"


def _parse(record: bytes) -> tuple[int, bytes]:
    kind, _, rest = record.partition(b" ")
    version, _, wrapped = rest.partition(b" ")
    if kind != b"1" or not version.isdigit() or not wrapped:
        msg = "the record of a subject's keys is damaged"
        raise KeyUnavailableError(msg, help="restore the store of subject keys from its backup")
    return int(version), wrapped
