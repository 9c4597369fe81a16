"""Who stands behind a pseudonym, for as long as that may be known: one key and one salt for each person.

    keys/subjects.key   the key that seals the table, readable by its owner only
    keys/subjects.db    SQLite: HMAC of the id (finds the row), pseudonym, and id, key and salt under AES-256-GCM

No id stands in either file in clear. Erasing a person deletes the row, overwrites it (`secure_delete`) and rewrites the
file (`VACUUM`); what remains in the log then opens for nobody. A row that is marked is erased at the next opening,
so that a crash in the middle cannot leave an erasure half done.
"""

from __future__ import annotations

import base64
import hmac
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from guard.audit.disk import PosixDisk
from guard.audit.personal import KEY_SIZE, NONCE_SIZE, Part, Random, Secrets, new_secrets, part_of, seal, unseal
from guard.errors import AuditError, IntegrityError, KeyUnavailableError
from guard.model import Entry, Sensitive, Value

if TYPE_CHECKING:
    import sqlite3

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_FILE = "subjects.key"
TABLE_FILE = "subjects.db"
WHO = "who"  # member of an entry's body
REMEMBERED = 65_536  # people kept in memory
BUSY_SECONDS = 30.0

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS person (lookup BLOB PRIMARY KEY, pseudonym TEXT NOT NULL UNIQUE,"
    " sealed BLOB NOT NULL, marked INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"
)


class _Row(Value, frozen=True):
    """What is sealed in a row."""

    id: str
    key: bytes
    salt: bytes


# Made at import: msgspec is not safe when two threads are the first to decode a type.
_rows = msgspec.msgpack.Decoder(_Row)


class Person(Value, frozen=True):
    """A person as an entry may name them: `pseudonym` is the actor, `part` the body's `who`."""

    pseudonym: str
    part: Part

    @property
    def member(self) -> dict[str, str]:
        """The part as a member of an entry's body."""
        return {"commitment": self.part.commitment, "sealed": self.part.sealed}


class People:
    """The table of people in a folder. Safe to share between threads and processes."""

    def __init__(self, folder: Path, *, random: Random = os.urandom) -> None:
        self._folder = folder
        self._random = random
        self._lock = threading.Lock()
        self._root: bytes | None = None  # OWNED BY: _lock
        self._known: dict[str, Secrets] = {}  # by id; OWNED BY: _lock

    def of(self, person: str) -> Person:
        """The person as the next entry names them; secrets are made, durably, at the first time.

        Raises:
            AuditError: the table cannot be written, so the entry must not be.
            KeyUnavailableError: the table is there, its key is not.
        """
        secrets = self._known.get(person) or self._secrets(person)
        return Person(secrets.pseudonym, seal(secrets, person, self._random))

    def pseudonym(self, person: str) -> str | None:
        """The pseudonym of a person whom guard knows, or None."""
        with self._lock:
            found = self._find("lookup", self._lookup(person)) if self._exists() else None
        return found[0].pseudonym if found else None

    def reveal(self, pseudonym: str) -> Sensitive[str] | None:
        """The id behind a pseudonym; None once it is erased."""
        with self._lock:
            found = self._find("pseudonym", pseudonym) if self._exists() else None
        return Sensitive(found[1]) if found else None

    def secrets(self, pseudonym: str) -> Secrets | None:
        """What opens the parts of one pseudonym; None once it is erased."""
        with self._lock:
            found = self._find("pseudonym", pseudonym) if self._exists() else None
        return found[0] if found else None

    def open(self, entry: Entry) -> Sensitive[str] | None:
        """The id in an entry's own sealed part; None once the person is erased, or where the entry has no part.

        Raises:
            IntegrityError: the part does not belong to the entry's actor.
        """
        part = part_of(entry.body.get(WHO))
        secrets = self.secrets(entry.actor) if part else None
        return unseal(secrets, part).text if part and secrets else None

    def mark(self, pseudonym: str) -> None:
        """Notes that a person is being erased; `marked` names them until `destroy` is done."""
        with self._lock, self._table() as table:
            table.execute("UPDATE person SET marked = 1 WHERE pseudonym = ?", (pseudonym,))

    def marked(self) -> tuple[str, ...]:
        """The pseudonyms whose erasure was begun and not finished."""
        with self._lock:
            if not self._exists():
                return ()
            with self._table() as table:
                return tuple(row[0] for row in table.execute("SELECT pseudonym FROM person WHERE marked ORDER BY 1"))

    def destroy(self, pseudonym: str) -> None:
        """Destroys key and salt of a person; nothing in this folder opens their parts afterwards.

        Raises:
            AuditError: the table cannot be rewritten; the mark stays.
        """
        with self._lock:
            self._known.clear()
            if not self._exists():
                return
            with self._table() as table:
                table.execute("DELETE FROM person WHERE pseudonym = ?", (pseudonym,))
            with self._table(transaction=False) as table:
                table.execute("VACUUM")

    # --- inside; called with `_lock` held ----------------------------------------------------------------

    def _exists(self) -> bool:
        return (self._folder / TABLE_FILE).exists()

    def _secrets(self, person: str) -> Secrets:
        with self._lock:
            lookup = self._lookup(person)
            found = self._find("lookup", lookup) if self._exists() else None
            secrets = found[0] if found else self._make(person, lookup)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[person] = secrets
            return secrets

    def _make(self, person: str, lookup: bytes) -> Secrets:
        secrets = new_secrets(person, self._random)
        row = _Row(person, secrets.key.reveal(), secrets.salt.reveal())
        nonce = self._random(NONCE_SIZE)
        sealed = nonce + self._cipher().encrypt(nonce, msgspec.msgpack.encode(row), lookup)
        with self._table() as table:
            # Another process may have been faster: then its row stands.
            table.execute(
                "INSERT INTO person (lookup, pseudonym, sealed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (lookup, secrets.pseudonym, sealed),
            )
        found = self._find("lookup", lookup)
        if found is None:
            raise AuditError("a subject is being erased, so nothing can be recorded of it", help="try again")
        return found[0]

    def _find(self, column: str, value: object) -> tuple[Secrets, str] | None:
        from cryptography.exceptions import InvalidTag

        with self._table() as table:
            found = table.execute(
                f"SELECT lookup, pseudonym, sealed FROM person WHERE {column} = ? AND NOT marked", (value,)
            ).fetchone()
        if found is None:
            return None
        lookup, pseudonym, sealed = found
        try:
            plain = self._cipher().decrypt(sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], lookup)
            row = _rows.decode(plain)
        except (InvalidTag, msgspec.MsgspecError):
            raise IntegrityError(f"the key of `{pseudonym}` does not open under `{KEY_FILE}`") from None
        return Secrets(pseudonym, Sensitive(row.key), Sensitive(row.salt)), row.id

    def _lookup(self, person: str) -> bytes:
        return hmac.digest(self._root_key(), b"lookup\x00" + person.encode(), sha256)

    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(hmac.digest(self._root_key(), b"seal\x00", sha256))

    def _root_key(self) -> bytes:
        if self._root is None:
            path = self._folder / KEY_FILE
            # INVARIANT: a key is made only where there is no table yet; a lost key is never replaced in silence.
            if not self._exists() and not path.exists():
                _create_key(path, self._random(KEY_SIZE))
            self._root = _read_key(path)
        return self._root

    @contextmanager
    def _table(self, *, transaction: bool = True) -> Iterator[sqlite3.Connection]:
        import sqlite3

        path = self._folder / TABLE_FILE
        try:
            if not path.exists():
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as table:
                for setting in ("journal_mode = DELETE", "synchronous = EXTRA", "secure_delete = ON"):
                    table.execute(f"PRAGMA {setting}").close()
                table.execute("PRAGMA temp_store = MEMORY").close()
                if not transaction:
                    yield table
                    return
                table.execute("BEGIN IMMEDIATE")
                table.execute(_SCHEMA)
                yield table
                table.execute("COMMIT")
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            raise AuditError(f"the table of people `{path}` failed (`{name}`)", help="check folder and disk") from None
        except OSError as error:
            raise AuditError(f"the table of people `{path}` cannot be written: {error.strerror}") from None


def _create_key(path: Path, key: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.new")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(base64.b64encode(key) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was faster; its key is read
            os.link(temporary, path)
        temporary.unlink()
        PosixDisk().sync_folder(path.parent)
    except OSError as error:
        raise KeyUnavailableError(f"key file `{path}` cannot be created: {error.strerror}") from None


def _read_key(path: Path) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            status = os.fstat(file.fileno())
            text = file.read(128)
    except OSError as error:
        raise KeyUnavailableError(
            f"key file `{path}` cannot be read: {error.strerror}", help="restore it from the backup of guard's keys"
        ) from None
    if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
        raise KeyUnavailableError(f"key file `{path}` is readable by others", help=f"chmod 600 {path}")
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE:
        raise KeyUnavailableError(f"key file `{path}` does not hold a key of {KEY_SIZE} bytes")
    return key
