"""What an operator does with the keyring: look, rotate, retire, wrap anew, carry to another host; all on record.

The entry comes first and is durable; then the keyring changes, whole or not at all. An entry names versions and
key-encryption keys, never a secret.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.engine.keyring import KeyState, kek_of, keyring_path, open_keyring, own_keyring
from guard.errors import KeyUnavailableError, UsageError
from guard.model import Sensitive

if TYPE_CHECKING:
    from guard.anonymize.keys import Keyring
    from guard.anonymize.keys_envelope import KeyEncryption
    from guard.engine.components import Components

Record = Callable[[str, Mapping[str, Any]], int]

DEPENDENT = ("masks", "subject_keys", "keys")  # rooms that hold keys


class KeyOffice:
    """The keyring of one guard. A process that runs elsewhere sees a change when it is started again."""

    def __init__(self, parts: Components, record: Record, changed: Callable[[], None]) -> None:
        self._parts, self._record, self._changed = parts, record, changed

    def show(self) -> KeyState:
        """What may be told of the keyring. Opens it, and records nothing.

        Raises:
            KeyUnavailableError: there is none yet, or it cannot be opened.
        """
        loaded = self._parts.loaded
        path = keyring_path(loaded)
        if not loaded.config.keys.root and not os.path.lexists(path):
            raise KeyUnavailableError("there is no keyring yet", help="it is made when a key is first needed")
        return open_keyring(loaded, path.parent)[1]

    def rotate(self) -> int:
        """Adds a version, which new values get; what stands under older ones stays readable. Returns the new version.

        The keys of subjects are wrapped under it at once.

        Raises:
            KeyUnavailableError: the keyring is not guard's own, or cannot be opened or written.
            AuditError: the record could not be made durable, so nothing changed.
        """
        from guard.anonymize.keyring_file import random_secret

        path, ring, kek = self._own()
        turned = ring.rotated(random_secret())
        self._record("key", {"act": "rotate", "version": turned.current})
        self._write(path, turned, kek)
        if self._parts.subject_file.exists():
            self._parts.subject_keys.rewrap()
        return turned.current

    def retire(self, version: int) -> None:
        """Takes a version out of the keyring: what still stands under it can be read by nobody any more.

        Raises:
            KeyUnavailableError: it is the current one or none, or the keyring is not guard's own.
            AuditError: as `rotate`.
        """
        path, ring, kek = self._own()
        left = ring.without(version)
        if self._parts.subject_file.exists():
            self._parts.subject_keys.rewrap()
        self._record("key", {"act": "retire", "version": version})
        self._write(path, left, kek)

    def rewrap(self, old: str | None = None) -> KeyState:
        """Wraps the keyring under the configured key-encryption key; no value and no pseudonym changes.

        Args:
            old: what it is wrapped under now, `env:NAME`, `file:/path` or `transit:NAME`; `""` for a keyring in clear,
                None for the configured one (which takes the newest version of a transit key).

        Raises:
            KeyUnavailableError: it does not open under `old`, or the configured key cannot be had.
            AuditError: as `rotate`.
        """
        loaded = self._parts.loaded
        path = own_keyring(loaded)
        ring = _read(path, kek_of(loaded.config.keys.kek if old is None else old, loaded))
        kek = kek_of(loaded.config.keys.kek, loaded)
        self._record("key", {"act": "rewrap", "kek": kek.name if kek else "", "versions": list(ring.versions)})
        self._write(path, ring, kek)
        return self.show()

    def export(self, target: Path, to: str) -> KeyState:
        """Writes the keyring to a new file, wrapped under the key-encryption key `to`: for another host.

        Raises:
            UsageError: `to` is empty: a keyring leaves this host wrapped or not at all.
            KeyUnavailableError: the file exists, or a key cannot be had.
            AuditError: as `rotate`.
        """
        from guard.anonymize.keyring_file import create_private
        from guard.anonymize.keys_envelope import seal_keyring

        loaded = self._parts.loaded
        kek = kek_of(to, loaded)
        if kek is None:
            raise UsageError("a keyring is exported wrapped", help="name the key-encryption key, such as env:NAME")
        if os.path.lexists(target):
            raise KeyUnavailableError(f"`{target}` exists", help="name a new file")
        ring, _ = open_keyring(loaded, keyring_path(loaded).parent)
        self._record("key", {"act": "export", "kek": kek.name, "versions": list(ring.versions)})
        create_private(target, Sensitive(seal_keyring(ring, kek)), what="keyring")
        return KeyState(str(target), kek.name, ring.versions)

    def adopt(self, source: Path, wrapped_by: str) -> KeyState:
        """Makes a keyring that another host exported the one of this guard, which must not have one yet.

        Raises:
            KeyUnavailableError: there is one already, the file is no wrapped keyring, or it does not open.
            AuditError: as `rotate`.
        """
        loaded = self._parts.loaded
        path = own_keyring(loaded)
        if os.path.lexists(path):
            msg = f"the keyring `{path}` exists already"
            raise KeyUnavailableError(msg, help="adopt a keyring before the first use; it is never overwritten")
        given = kek_of(wrapped_by, loaded)
        if given is None:
            raise UsageError("an exported keyring is wrapped", help="name the key-encryption key, such as env:NAME")
        ring = _read(source, given)
        kek = kek_of(loaded.config.keys.kek, loaded)
        self._record("key", {"act": "adopt", "kek": given.name, "versions": list(ring.versions)})
        self._write(path, ring, kek)
        return self.show()

    # --- inside -------------------------------------------------------------------------------------------

    def _own(self) -> tuple[Path, Keyring, KeyEncryption | None]:
        """The keyring as it is on disk now, for a change; made where there is none."""
        loaded = self._parts.loaded
        path = own_keyring(loaded)
        _ = self._parts.log  # one process writes a state folder at a time: who holds the log
        ring, _state = open_keyring(loaded, path.parent)
        return path, ring, kek_of(loaded.config.keys.kek, loaded)

    def _write(self, path: Path, ring: Keyring, kek: KeyEncryption | None) -> None:
        from guard.anonymize.keyring_file import keyring_text, replace_private
        from guard.anonymize.keys_envelope import seal_keyring

        text = Sensitive(seal_keyring(ring, kek)) if kek else keyring_text(ring)
        replace_private(path, text, what="keyring")
        self._parts.release(*DEPENDENT)
        self._changed()


def _read(path: Path, kek: KeyEncryption | None) -> Keyring:
    from guard.anonymize.keyring_file import parse_keyring, read_private
    from guard.anonymize.keys_envelope import is_sealed
    from guard.anonymize.keys_envelope import open_keyring as unseal

    text = read_private(path, what="keyring")
    if kek is None:
        if is_sealed(text.reveal()):
            raise KeyUnavailableError(f"the keyring `{path}` is wrapped", help="name what it is wrapped under")
        return parse_keyring(text)
    if not is_sealed(text.reveal()):
        raise KeyUnavailableError(f"the keyring `{path}` is not wrapped", help="say that it is in clear")
    return unseal(text.reveal(), kek)
