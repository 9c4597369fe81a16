"""Which keys signed the log at which time, as the log itself tells.

When the key changes, an entry of kind `key` says which keys signed until then (`was`) and which may sign after it
(`keys`); it is logged while both sign. A verifier who was given any one of the log's keys follows from there:

* forwards, since the entry that names the next keys is under a checkpoint of the keys before it;
* backwards, since a checkpoint that his key signed covers, by its root, every entry before it.

So each checkpoint must be signed by a key of its time, and at least one by the key that the verifier holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from guard.audit import entry
from guard.audit.keys import PublicKey, PublicKeys
from guard.errors import IntegrityError, KeyUnavailableError
from guard.model import Checkpoint

MARK = b'"kind":"key"'  # in the canonical bytes of each such entry
MAX_KEYS = 4  # of one time


class KeyHistory:
    """Follows the keys while a log is read from its beginning."""

    def __init__(self, given: PublicKey | PublicKeys) -> None:
        self._given = given
        self._now: PublicKey | PublicKeys = given
        self._known = list(given.all)  # every key that the log ever named, and the given ones
        self._told = False  # the log has named keys
        self._early: list[tuple[int, Checkpoint]] = []  # not signed by the given key, before the log named keys
        self._anchored = False

    def check(self, index: int, head: Checkpoint) -> None:
        """Checks a checkpoint, over entries from `index` on, against the keys of its time.

        Raises:
            IntegrityError: it bears a wrong signature, or none of a key of its time.
        """
        if not self._told:
            if self._given.signed(head):
                self._anchored = True
            else:
                self._early.append((index, head))
            return
        self._now.verify(head)
        self._anchored = self._anchored or self._given.signed(head)

    def read(self, packed: bytes, entries: Sequence[bytes]) -> None:
        """Looks for entries that name keys, among those that were just checked.

        Raises:
            IntegrityError: such an entry is not understood; then nothing after it can be believed.
        """
        if MARK not in packed:
            return
        for data in entries:
            if MARK in data and (found := entry.decode(data)).kind == "key" and "keys" in found.body:
                was, keys = self._keys(found.body.get("was")), self._keys(found.body["keys"])
                if not self._told:
                    self._early = [(index, head) for index, head in self._early if not was.signed(head)]
                    self._told = True
                self._now = keys
                self._known += [key for key in (*was.all, *keys.all) if key not in self._known]

    def signed(self, head: Checkpoint) -> bool:
        """True when a key of now signed it.

        Raises:
            IntegrityError: a signature bears the id of one, and does not verify.
        """
        return self._now.signed(head)

    def require_told(self) -> None:
        """From here on no checkpoint waits for an entry that names its key: a key of its time must have signed it."""
        self._told = True

    def unsettled(self) -> list[tuple[int, str]]:
        """What is left to complain of at the end: the first entry, and the cause."""
        if self._early:
            index, head = self._early[0]
            try:
                self._given.verify(head)
            except IntegrityError as error:
                return [(index, error.message)]
        if not self._anchored:
            key = self._given.all[0]
            return [(0, f"no checkpoint of the log is signed by `{key.name}` with key {key.key_id.hex()}")]
        return []

    @property
    def ever(self) -> PublicKeys:
        """All keys that the log ever had."""
        return PublicKeys(tuple(self._known))

    def _keys(self, member: Any) -> PublicKeys:
        try:
            found = PublicKeys(tuple(PublicKey.parse(text) for text in member[:MAX_KEYS]))
        except (KeyUnavailableError, TypeError, AttributeError, ValueError):
            raise IntegrityError("an entry about the log's keys is not understood") from None
        if found.name != self._given.name:
            raise IntegrityError("an entry names keys of another log")
        return found
