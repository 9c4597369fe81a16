"""A witness: remembers the last checkpoint of each log that it knows, and cosigns only what extends it.

C2SP tlog-witness. `Witness.add` is the whole protocol without HTTP, which `guard.audit.witness_server` adds. The state
is one row for each log in SQLite; looking at it and replacing it is one transaction, so that two requests at once
cannot make the witness sign two histories.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from guard.audit import checkpoint as note
from guard.audit.cosign import Cosigner
from guard.audit.keys import PublicKey
from guard.audit.tree import HASH_SIZE, MAX_SIZE, consistent
from guard.errors import AuditError, IntegrityError
from guard.model import Checkpoint, Value

MAX_REQUEST = 32_768  # characters: 63 hashes and a note
MAX_PATH = 63  # hashes
SIZE_TYPE = "text/x.tlog.size"

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


class Answer(Value, frozen=True):
    """An HTTP answer: 200 with the cosignature, or why there is none."""

    status: int
    body: str
    content_type: str = "text/plain; charset=utf-8"


class _RefusedError(Exception):
    """Why a checkpoint is not cosigned."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer


class Witness:
    """Cosigns checkpoints of the logs whose keys it was given. Safe to share between threads and processes."""

    def __init__(
        self, cosigner: Cosigner, logs: Mapping[str, tuple[PublicKey, ...]], state: Path, clock: Callable[[], int]
    ) -> None:
        """`logs` are the keys by origin; `clock` gives POSIX seconds."""
        self.public = cosigner.public
        self._cosigner = cosigner
        self._logs = logs
        self._state = state
        self._clock = clock

    def add(self, request: str) -> Answer:
        """The answer to the body of `POST add-checkpoint`.

        Raises:
            AuditError: the state cannot be written; then nothing is cosigned.
        """
        try:
            old, path, head = parse_request(request)
        except IntegrityError as error:
            return Answer(400, f"{error.message}\n")
        try:
            self._check_signature(head)
            if old > head.size:
                raise _RefusedError(Answer(400, "the old size is larger than the checkpoint's\n"))
            return self._advance(old, path, head)
        except _RefusedError as refused:
            return refused.answer

    def last(self, origin: str) -> Checkpoint | None:
        """The last checkpoint cosigned for a log."""
        with self._transaction() as state:
            return _last(state, origin)

    def _check_signature(self, head: Checkpoint) -> None:
        keys = self._logs.get(head.origin)
        if keys is None:
            raise _RefusedError(Answer(404, "this witness does not know the log\n"))
        for key in keys:
            try:
                key.verify(head)
            except IntegrityError:
                continue
            return
        raise _RefusedError(Answer(403, "no key of the log that this witness knows signed the checkpoint\n"))

    def _advance(self, old: int, path: tuple[bytes, ...], head: Checkpoint) -> Answer:
        with self._transaction() as state:
            last = _last(state, head.origin)
            size = last.size if last else 0
            if old != size:
                raise _RefusedError(Answer(409, f"{size}\n", SIZE_TYPE))
            if last and head.size == last.size and head.root != last.root:
                _remember_fork(state, head)  # two signed roots of one size: evidence against the log
                raise _RefusedError(Answer(409, f"{size}\n", SIZE_TYPE))
            if last and not consistent(last.size, last.root, head.size, head.root, path):
                _remember_fork(state, head)
                raise _RefusedError(Answer(422, "the checkpoint does not extend what this witness cosigned\n"))
            if not last and path:
                raise _RefusedError(Answer(422, "a proof from nothing is empty\n"))
            state.execute(
                "INSERT INTO log (origin, size, note) VALUES (?, ?, ?)"
                " ON CONFLICT (origin) DO UPDATE SET size = excluded.size, note = excluded.note",
                (head.origin, str(head.size), note.text(head)),
            )
        # INVARIANT: the new state is durable before the cosignature exists.
        return Answer(200, f"— {self._cosigner.cosign(head, self._clock())}\n")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._state, timeout=30, isolation_level=None)) as state:
                state.execute("PRAGMA synchronous = EXTRA").close()
                state.execute("BEGIN IMMEDIATE")
                state.execute("CREATE TABLE IF NOT EXISTS log (origin TEXT PRIMARY KEY, size TEXT, note TEXT)")
                state.execute("CREATE TABLE IF NOT EXISTS fork (note TEXT PRIMARY KEY)")
                try:
                    yield state
                except _RefusedError:
                    state.execute("COMMIT")  # the evidence stays
                    raise
                state.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            name = getattr(error, "sqlite_errorname", None) or type(error).__name__
            raise AuditError(f"the witness's state `{self._state}` failed (`{name}`)") from None

    def forks(self) -> tuple[str, ...]:
        """Signed checkpoints that contradict what this witness cosigned: proof that a log showed two histories."""
        with self._transaction() as state:
            return tuple(row[0] for row in state.execute("SELECT note FROM fork ORDER BY note LIMIT 1000"))


def parse_request(request: str) -> tuple[int, tuple[bytes, ...], Checkpoint]:
    """Old size, consistency proof and checkpoint of a request.

    Raises:
        IntegrityError: it is not exactly a request.
    """
    if len(request) > MAX_REQUEST:
        raise IntegrityError(f"the request is longer than {MAX_REQUEST} characters")
    head, gap, rest = request.partition("\n\n")
    first, *hashes = head.split("\n")
    match = _OLD.fullmatch(first)
    if not gap or match is None or int(match[1]) > MAX_SIZE or len(hashes) > MAX_PATH:
        raise IntegrityError("the request is not an old size, a proof, an empty line and a checkpoint")
    return int(match[1]), tuple(note.decode64(line, size=HASH_SIZE) for line in hashes), note.parse(rest)


def _last(state: sqlite3.Connection, origin: str) -> Checkpoint | None:
    row = state.execute("SELECT note FROM log WHERE origin = ?", (origin,)).fetchone()
    return note.parse(row[0]) if row else None


def _remember_fork(state: sqlite3.Connection, head: Checkpoint) -> None:
    count = state.execute("SELECT count(*) FROM fork").fetchone()[0]
    if count < 1000:
        state.execute("INSERT INTO fork (note) VALUES (?) ON CONFLICT DO NOTHING", (note.text(head),))
