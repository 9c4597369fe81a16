"""Changing the log's key: for a while both keys sign, and the log itself records which key is good from when.

    begin    a new key is made; an entry names both, under a checkpoint that both sign; `audit.key` is the new one now
    retire   when all who verify have the new key: an entry names the new one alone, and the old key file is destroyed

Both steps can be repeated after a crash: an entry that says the same again does no harm.

Machines that share a log each hold its key files: they are given the new ones between the two steps, while what any
of them signs is still accepted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from guard.audit import keys
from guard.audit.disk import PosixDisk
from guard.audit.keys import BothSigners, Ed25519Signer, PublicKey, Signer
from guard.audit.log import AuditLog
from guard.errors import KeyUnavailableError
from guard.model import Entry

KEY_FILE = "audit.key"
OLD_FILE = "audit.old.key"
NEXT_FILE = "audit.next.key"

Record = Callable[[Mapping[str, Any]], Entry]  # the entry for a body
Open = Callable[[Signer], AuditLog]  # opens the log for writing


def signer(folder: Path) -> Signer:
    """The signer of a folder of keys: one key, or two while the key changes.

    Raises:
        KeyUnavailableError: a key file is missing, readable by others or not a key.
    """
    new = keys.load(folder / KEY_FILE)
    return BothSigners(new, keys.load(folder / OLD_FILE)) if (folder / OLD_FILE).exists() else new


def begin(folder: Path, open_log: Open, record: Record) -> PublicKey:
    """Makes the new key and has both sign from now on; gives the new public key.

    Raises:
        KeyUnavailableError: a change is under way already.
        AuditError: the log is open in another process, or cannot be written.
    """
    if (folder / OLD_FILE).exists():
        raise KeyUnavailableError("the log's key is being changed already", help="retire the old key first")
    old = keys.load(folder / KEY_FILE)
    next_ = folder / NEXT_FILE
    new = keys.load(next_) if next_.exists() else keys.create(next_, old.public.name)
    _log(open_log, BothSigners(new, old), record, was=[old], now=[new, old])
    os.link(folder / KEY_FILE, folder / OLD_FILE)
    next_.replace(folder / KEY_FILE)
    PosixDisk().sync_folder(folder)
    return new.public


def retire(folder: Path, open_log: Open, record: Record) -> PublicKey:
    """Lets the new key sign alone and destroys the old one; gives the key that is left.

    Raises:
        KeyUnavailableError: there is no old key.
        AuditError: the log is open in another process, or cannot be written.
    """
    if not (folder / OLD_FILE).exists():
        raise KeyUnavailableError("there is no old key to retire", help="begin a change of the key first")
    new, old = keys.load(folder / KEY_FILE), keys.load(folder / OLD_FILE)
    if new.public != old.public:
        _log(open_log, BothSigners(new, old), record, was=[new, old], now=[new])
    (folder / OLD_FILE).unlink()
    PosixDisk().sync_folder(folder)
    return new.public


def _log(
    open_log: Open, signer: BothSigners, record: Record, *, was: list[Ed25519Signer], now: list[Ed25519Signer]
) -> None:
    body = {"was": [str(each.public) for each in was], "keys": [str(each.public) for each in now]}
    with open_log(signer) as log:
        log.append(record(body))
