"""Has others attest to the log while guard works: witnesses cosign its checkpoint, an authority stamps its time.

One thread, which reads the published files as any stranger would; it holds no lock that an append waits for. What a
party did last, or why it did not, stands in a file of its own, so that `guard doctor` and the metrics can tell. A party
that is away loses nothing: it is asked again for all that it missed, since a later checkpoint covers all earlier ones.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import monotonic

import msgspec

from guard.audit import reader
from guard.audit.ask_witness import Post, WitnessAt, ask
from guard.audit.disk import PosixDisk
from guard.audit.entry import timestamp
from guard.audit.keys import PublicKey, PublicKeys
from guard.audit.timestamp_authority import TimestampAuthority, stamp
from guard.errors import AuditError, GuardError
from guard.model import Value

AUTHORITY = "timestamp"  # what the status calls the time-stamp authority
CLOSE_SECONDS = 1.0  # to wait for an answer that is under way; the thread then ends by itself
MAX_STATUS = 1 << 20  # bytes


class Plan(Value, frozen=True):
    """Whom to ask, and how often; 0 seconds is never."""

    witnesses: tuple[WitnessAt, ...] = ()
    needed: int = 0  # cosignatures that a checkpoint must have to take the place of an earlier one; 0: all
    witness_every: float = 0.0  # seconds
    authority: TimestampAuthority | None = None
    stamp_every: float = 0.0  # seconds

    @property
    def idle(self) -> bool:
        """True when nobody is to be asked."""
        return not (self.witnesses and self.witness_every) and not (self.authority and self.stamp_every)


class Party(Value, frozen=True):
    """What one witness, or the authority, did last."""

    name: str
    size: int = 0  # entries that it attested to
    at: str = ""  # when
    failed: str = ""  # why it did not the last time it was asked; empty when it did
    failures: int = 0  # in a row


class Status(Value, frozen=True):
    """What all parties did last; `v` is the version of the file."""

    parties: tuple[Party, ...] = ()
    v: int = 1


# Made at import: msgspec is not safe when two threads are the first to decode a type.
_statuses = msgspec.json.Decoder(Status)

Tell = Callable[[Party], None]


def read_status(path: Path) -> Status:
    """What was last written; empty where nothing was asked yet.

    Raises:
        AuditError: the file cannot be read, or is not a status.
    """
    try:
        with path.open("rb") as file:
            return _statuses.decode(file.read(MAX_STATUS))
    except FileNotFoundError:
        return Status()
    except (OSError, msgspec.MsgspecError):
        raise AuditError(
            f"`{path.name}` cannot be read", help="remove it; the next attestation writes it anew"
        ) from None


class Attestor:
    """Asks by a plan until it is closed. `tell` hears of each party that fails, and of its recovery."""

    def __init__(
        self,
        folder: Path,
        public: Callable[[], PublicKey | PublicKeys],
        plan: Plan,
        *,
        status: Path,
        clock: Callable[[], datetime],
        tell: Tell,
        post: Post | None = None,
    ) -> None:
        self._folder = folder
        self._public = public  # asked anew each time: the log's key may change under work
        self._plan = plan
        self._path = status
        self._clock = clock
        self._tell = tell
        self._post = post
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> Attestor:
        """Begins to ask; the first time after one interval, so that a short command asks nobody."""
        if not self._plan.idle:
            self._thread = threading.Thread(target=self._run, name="guard-audit-attest", daemon=True)
            self._thread.start()
        return self

    def close(self) -> None:
        """Ends; safe to call twice."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)

    def ask_witnesses(self) -> None:
        """Asks all witnesses once, where the log grew or one of them failed; never raises for what a party does."""
        names = [witness.key.name for witness in self._plan.witnesses]

        def act() -> tuple[int, dict[str, str]]:
            needed = self._plan.needed or len(names)
            asked = ask(self._folder, self._public(), self._plan.witnesses, needed=needed, post=self._post)
            return asked.checkpoint.size, dict(asked.refused)

        self._step(names, act)

    def stamp_time(self) -> None:
        """Has the published checkpoint stamped once, where the log grew; never raises for what the authority does."""
        authority = self._plan.authority
        if authority is not None:
            self._step([AUTHORITY], lambda: (int(stamp(self._folder, self._public(), authority).stem), {}))

    def _step(self, names: Sequence[str], act: Callable[[], tuple[int, dict[str, str]]]) -> None:
        """Runs `act`, which gives the size attested to and why some did not, and notes what came of it."""
        try:
            before = {party.name: party for party in read_status(self._path).parties}
        except AuditError:
            before = {}  # a damaged file is written anew
        failed: dict[str, str] = {}
        size = 0
        try:
            head = reader.published(self._folder)
            if head is None or all(name in before and before[name].size == head.size for name in names):
                return
            size, failed = act()
        except GuardError as error:
            failed = dict.fromkeys(names, error.message)
        except OSError as error:
            failed = dict.fromkeys(names, f"the log cannot be read: {error.strerror}")
        after = dict(before)
        for name in names:
            was = before.get(name, Party(name))
            if cause := failed.get(name, ""):
                after[name] = Party(name, was.size, was.at, cause, was.failures + 1)
            else:
                after[name] = Party(name, size, timestamp(self._clock()))
            if cause != was.failed:
                self._tell(after[name])
        with suppress(OSError):  # telling it must not end it; the next round writes again
            PosixDisk().put(self._path, msgspec.json.encode(Status(tuple(after.values()))))

    def _run(self) -> None:
        plan = self._plan
        rounds = [_Round(plan.witness_every, self.ask_witnesses), _Round(plan.stamp_every, self.stamp_time)]
        rounds = [each for each in rounds if each.every]
        while not self._ended.wait(max(0.0, min(each.due for each in rounds) - monotonic())):
            for each in rounds:
                if each.due <= monotonic() and not self._ended.is_set():
                    each.act()
                    each.due = monotonic() + each.every


class _Round:
    """Something to do again and again."""

    def __init__(self, every: float, act: Callable[[], None]) -> None:
        self.every = every
        self.act = act
        self.due = monotonic() + every
