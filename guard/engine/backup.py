"""Backup and restore of guard's state: catalogue, lineage, audit log, and keys under a passphrase.

A backup is one tar file. Without the passphrase it shows the catalogue and the log, whose people stay sealed:

    manifest.json     version, time, the log's checkpoint, and size and SHA-256 of each other file
    guard.db          catalogue, lineage and budget ledger: SQLite, whatever database holds the store
    audit/...         the log at that checkpoint
    keys.sealed       all keys and the table of people: salt, nonce, AES-256-GCM under scrypt of the passphrase;
                      the manifest is authenticated with it, so that no part can be exchanged

The catalogue is copied first, then the log, then the keys: the log knows everything that the catalogue projects from
it, and the keys open everything that the log holds.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from guard.errors import IntegrityError, StoreError, UsageError
from guard.model import Checkpoint, Sensitive, Value

if TYPE_CHECKING:
    from guard.engine.components import Components

VERSION = 1
MANIFEST, STORE, AUDIT, KEYS = "manifest.json", "guard.db", "audit", "keys.sealed"
MIN_PASSPHRASE = 12  # bytes
MAX_MANIFEST = 64 * 1024 * 1024  # bytes
MAX_KEYS = 1024 * 1024 * 1024
CATCH_UP = 10.0  # seconds to wait until the log has published what the catalogue projects
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 1  # 32 MiB, about 0.1 s
SALT, NONCE = 16, 12  # bytes

_MEMBER = re.compile(r"guard\.db|audit/(?:[a-z0-9.]+/)*[a-z0-9.]+")


class _File(Value, frozen=True):
    """One file of a backup."""

    size: int
    sha256: str


class _Manifest(Value, frozen=True):
    """What a backup says of itself."""

    v: int
    created: str
    checkpoint: str
    files: Mapping[str, _File]


class Backup(Value, frozen=True):
    """A backup that was made, checked or restored."""

    created: str
    checkpoint: Checkpoint
    files: int
    erased_again: tuple[str, ...] = ()  # pseudonyms that the log had erased after the backup


def create(parts: Components, target: Path, passphrase: Sensitive[bytes], *, created: str) -> Backup:
    """Writes a backup while guard works; the file appears whole or not at all, and never over another.

    Raises:
        UsageError: the passphrase is too short, or the target exists.
        StoreError, AuditError: something cannot be read or written.
    """
    from guard.audit import checkpoint
    from guard.audit.snapshot import snapshot as copy_log

    _check_passphrase(passphrase)
    if target.exists():
        raise UsageError(f"`{target}` exists", help="name a new file")
    opened = parts.opened_log()
    if opened is not None:
        opened.publish()
    with _scratch(target.parent) as folder:
        _copy_store(parts, folder / STORE)
        _wait_for(parts, parts.store.lineage.cursor())
        head = copy_log(parts.audit_folder, folder / AUDIT)
        files = {
            path.relative_to(folder).as_posix(): _File(path.stat().st_size, _digest(path))
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        manifest = msgspec.json.encode(_Manifest(VERSION, created, checkpoint.text(head), files))
        sealed = _seal(_keys(parts.state / "keys", folder), passphrase, manifest)
        _write_tar(target, folder, files, manifest, sealed)
    return Backup(created, head, len(files))


def restore(
    source: Path,
    state: Path,
    passphrase: Sensitive[bytes],
    *,
    store: str = "",
    log: Path | None = None,
    known: Checkpoint | None = None,
) -> Backup:
    """Makes the state folder anew from a backup, after everything in it was verified.

    Args:
        source: the backup.
        state: the state folder, which must not exist or be empty.
        passphrase: the one that the backup was made with.
        store: the URL of the server that shall hold the store, which must be empty; by default the folder holds it.
        log: the folder of a log that survived: it must extend the backed-up one, and takes its place.
        known: a checkpoint that somebody kept, such as a witness: the restored log must not be older.

    Raises:
        UsageError: the state folder, or the store, is not empty.
        StoreError: the store cannot be written.
        IntegrityError: the backup is damaged, the passphrase is wrong, the log does not verify, does not extend the
            backed-up checkpoint, or is older than `known`.
    """
    if state.exists() and any(state.iterdir()):
        raise UsageError(f"`{state}` is not empty", help="move it away first; a restore never mixes two states")
    with _opened(source, state.parent, passphrase, log=log, known=known) as (folder, backup):
        if store:
            _load_store(folder / STORE, store)
        if state.exists():
            state.rmdir()
        folder.chmod(0o700)
        (folder / ".gitignore").write_text("*\n")
        folder.rename(state)
    return backup


def verify(source: Path, passphrase: Sensitive[bytes], *, known: Checkpoint | None = None) -> Backup:
    """Does everything that `restore` does, in a temporary folder.

    Raises:
        IntegrityError: what `restore` would refuse.
    """
    with _opened(source, source.parent, passphrase, log=None, known=known) as (_, backup):
        return backup


@contextmanager
def _opened(
    source: Path, beside: Path, passphrase: Sensitive[bytes], *, log: Path | None, known: Checkpoint | None
) -> Iterator[tuple[Path, Backup]]:
    """A verified state folder, which the caller may move away."""
    from guard.audit import checkpoint
    from guard.store.snapshot import check

    beside.mkdir(parents=True, exist_ok=True)
    with _scratch(beside) as scratch:
        folder = scratch / "state"
        folder.mkdir(mode=0o700)
        manifest = _read_tar(source, folder, passphrase)
        head = checkpoint.parse(manifest.checkpoint)
        check(folder / STORE)
        if log is not None:
            shutil.rmtree(folder / AUDIT)
            shutil.copytree(log, folder / AUDIT)
        _verify_log(folder, head, known)
        again = _erase_again(folder)
        if log is not None:
            from guard.engine.dp_record import charge_again

            charge_again(folder / STORE, folder / AUDIT)
        yield folder, Backup(manifest.created, head, len(manifest.files), again)


def _copy_store(parts: Components, target: Path) -> None:
    """The store as it is at one moment."""
    from guard.store.snapshot import snapshot
    from guard.store.transfer import copy_out

    if not parts.loaded.config.store:
        snapshot(parts.state / STORE, target)
        return
    working = target.with_name("copy-of-the-store.db")
    copy_out(parts.store, working)
    snapshot(working, target)  # one file, without the log of changes that an open database has beside it
    for left in target.parent.glob(f"{working.name}*"):
        left.unlink()


def _load_store(source: Path, where: str) -> None:
    """Moves the store into a database server. What was loaded before a crash is found again, and left as it is."""
    from guard.store.store import Store
    from guard.store.transfer import load

    with Store.open(where) as store:
        load(source, store)
    for left in source.parent.glob(f"{source.name}*"):
        left.unlink()


def _verify_log(folder: Path, head: Checkpoint, known: Checkpoint | None) -> None:
    from guard.audit import AuditLog, rotate
    from guard.audit import verify as verify_log
    from guard.audit.recover import set_back

    signer = rotate.signer(folder / "keys")
    report = verify_log(folder / AUDIT, signer.public, trusted=head).require()
    if known is not None:
        signer.public.verify(known)
        if known.size > report.size:
            raise set_back(report.size, known.size)
        verify_log(folder / AUDIT, signer.public, trusted=known).require()
    with AuditLog.open(folder / AUDIT, signer):  # writes again what a copy leaves out, and proves that it opens
        pass


def _erase_again(folder: Path) -> tuple[str, ...]:
    """A backup may be older than an erasure: what the log says was erased is erased in the restored keys as well."""
    from guard.audit.people import People
    from guard.audit.snapshot import erased
    from guard.engine.shred import PREFIX, erase_again

    people = People(folder / "keys")
    again = tuple(each for each in dict.fromkeys(erased(folder / AUDIT)) if people.reveal(each) is not None)
    for pseudonym in again:
        people.destroy(pseudonym)
    return (*again, *(f"{PREFIX}{handle}" for handle in erase_again(folder)))


def _wait_for(parts: Components, cursor: int) -> None:
    """Another process may write the log: it publishes within a second."""
    from guard.audit import reader

    until = time.monotonic() + CATCH_UP
    while True:
        head = reader.published(parts.audit_folder)
        if head is not None and head.size >= cursor:
            return
        if time.monotonic() > until:
            raise StoreError("the audit log has not published what the catalogue holds", help="try again")
        time.sleep(0.05)


# --- keys ---------------------------------------------------------------------------------------------------


def _keys(folder: Path, scratch: Path) -> bytes:
    """All key files as one value; databases among them are copied consistently."""
    from guard.store.snapshot import snapshot

    found: dict[str, bytes] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix == ".db":
            copy = scratch / f"copy-{path.name}"
            snapshot(path, copy)
            found[path.name] = copy.read_bytes()
            copy.unlink()
        elif path.is_file() and not path.name.startswith(".") and not path.name.endswith("-journal"):
            found[path.name] = path.read_bytes()
    return msgspec.msgpack.encode(found)


def _seal(plain: bytes, passphrase: Sensitive[bytes], manifest: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt, nonce = os.urandom(SALT), os.urandom(NONCE)
    return salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, plain, hashlib.sha256(manifest).digest())


def _unseal(sealed: bytes, passphrase: Sensitive[bytes], manifest: bytes) -> dict[str, bytes]:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt, nonce, rest = sealed[:SALT], sealed[SALT : SALT + NONCE], sealed[SALT + NONCE :]
    try:
        plain = AESGCM(_key(passphrase, salt)).decrypt(nonce, rest, hashlib.sha256(manifest).digest())
        found = msgspec.msgpack.decode(plain, type=dict[str, bytes])
    except (InvalidTag, ValueError):
        raise IntegrityError(
            "the keys of the backup do not open: the passphrase is wrong, or the backup was changed"
        ) from None
    if any("/" in name or name in {"", ".", ".."} for name in found):
        raise IntegrityError("the backup names a key file that is none")
    return found


def _key(passphrase: Sensitive[bytes], salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.reveal(), salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, maxmem=2**27, dklen=32)


def _check_passphrase(passphrase: Sensitive[bytes]) -> None:
    if len(passphrase.reveal()) < MIN_PASSPHRASE:
        raise UsageError(
            f"the passphrase has fewer than {MIN_PASSPHRASE} bytes", help="use a long one, such as six random words"
        )


# --- the tar file -------------------------------------------------------------------------------------------


def _write_tar(target: Path, folder: Path, files: Mapping[str, _File], manifest: bytes, sealed: bytes) -> None:
    temporary = target.with_name(f".{target.name}.new")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                for name, data in ((MANIFEST, manifest), (KEYS, sealed)):
                    _add(tar, name, len(data), io.BytesIO(data))
                for name in files:
                    with (folder / name).open("rb") as content:
                        _add(tar, name, files[name].size, content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, target)  # fails where a file of this name came into being meanwhile
        temporary.unlink()
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"`{target}` cannot be written: {error.strerror}") from None


def _add(tar: tarfile.TarFile, name: str, size: int, content: io.IOBase) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    tar.addfile(member, content)


def _read_tar(source: Path, folder: Path, passphrase: Sensitive[bytes]) -> _Manifest:
    """Unpacks into `folder`; only files that the manifest names, with their size and hash."""
    try:
        with tarfile.open(source, mode="r:") as tar:
            manifest_bytes = _member(tar, MANIFEST, MAX_MANIFEST)
            sealed = _member(tar, KEYS, MAX_KEYS)
            keys = _unseal(sealed, passphrase, manifest_bytes)
            manifest = msgspec.json.decode(manifest_bytes, type=_Manifest)
            if manifest.v != VERSION:
                raise IntegrityError(f"the backup is of version {manifest.v}, this guard reads {VERSION}")
            left = dict(manifest.files)
            while (member := tar.next()) is not None:
                expected = left.pop(member.name, None)
                if expected is None or not member.isreg() or not _MEMBER.fullmatch(member.name):
                    raise IntegrityError(f"`{member.name[:120]}` does not belong to the backup")
                _unpack(tar, member, folder / member.name, expected)
    except (tarfile.TarError, msgspec.MsgspecError, EOFError):
        raise IntegrityError(f"`{source.name}` is not a backup, or it is damaged") from None
    except OSError as error:
        raise StoreError(f"backup `{source}` cannot be read: {error.strerror}") from None
    if left:
        raise IntegrityError(f"the backup lacks `{min(left)}`")
    (folder / "keys").mkdir(mode=0o700)
    for name, data in keys.items():
        with os.fdopen(os.open(folder / "keys" / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
    return manifest


def _member(tar: tarfile.TarFile, name: str, limit: int) -> bytes:
    member = tar.next()
    if member is None or member.name != name or not member.isreg() or member.size > limit:
        raise IntegrityError(f"the backup does not begin with `{MANIFEST}` and `{KEYS}`")
    content = tar.extractfile(member)
    data = content.read() if content else b""
    if len(data) != member.size:
        raise IntegrityError(f"`{name}` of the backup is cut short")
    return data


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, expected: _File) -> None:
    content = tar.extractfile(member)
    if content is None or member.size != expected.size:
        raise IntegrityError(f"`{member.name}` of the backup has another size")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := content.read(1 << 20):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != expected.sha256:
        raise IntegrityError(f"`{member.name}` of the backup was changed")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _scratch(beside: Path) -> Iterator[Path]:
    """A private folder on the same disk, removed at the end."""
    try:
        beside.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".guard-backup-", dir=beside))
    except OSError as error:
        raise StoreError(f"`{beside}` cannot be written: {error.strerror}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
