"""The embedded engine over a pack that changes: a new one takes over once it has proved itself.

A thread looks at the pack's folder or bundle. What changed is read, compiled and tested in a child process; only then
one assignment puts the new engine in the old one's place. A pack that fails is refused and the last good one stays.
Whoever decides takes `current` once and keeps it to the end of the decision, so that a question and its answer are
always of one revision.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from guard.errors import GuardError, PolicyError
from guard.model import Value
from guard.policy import trial
from guard.policy.engines.embedded import EmbeddedEngine
from guard.policy.metadata import Mode
from guard.policy.pack import MAX_FILES, Pack

KEPT_PLANS = 128  # compiled packs and tests in the cache
Fingerprint: TypeAlias = tuple[tuple[str, int, int, int], ...]


class Reload(Value, frozen=True):
    """What became of a change: the pack that decides now, and why a new one was refused."""

    outcome: Literal["swapped", "refused"]
    revision: str
    problem: str = ""
    help: str = ""


class Swap(Value, frozen=True):
    """A pack that is about to take over, and the one that it replaces."""

    revision: str
    before: str
    rules: int
    watched: int  # of the rules, those in monitor mode


class ReloadingEngine:
    """Decides by the last good pack at `path`.

    Args:
        path: the pack's folder or bundle, watched.
        load: reads the pack; raises `PolicyError` when it is not right.
        cache: a folder for compiled packs; it must be kept, since the child hands the compiled pack over in it.
        interval: seconds between two looks; a change counts when it has stood still for one interval.
        record: called in the watching thread right before a new pack takes over; if it raises, the old one stays and
            the new one is tried again at the next look.
        tell: called in the watching thread after each change.

    Raises:
        PolicyError: the pack at hand does not load or compile; there is no last good one yet.
    """

    name = "embedded"

    def __init__(
        self,
        path: Path,
        load: Callable[[], Pack],
        *,
        cache: Path,
        interval: float = 2.0,
        record: Callable[[Swap], None] = lambda _swap: None,
        tell: Callable[[Reload], None] = lambda _reload: None,
    ) -> None:
        self._path = path
        self._load = load
        self._cache = cache
        self._interval = interval
        self._record = record
        self._tell = tell
        self._judged = fingerprint(path)  # OWNED BY: the watching thread, as the next
        self._last = self._judged
        self._current = EmbeddedEngine(load(), cache=cache)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="guard-rules", daemon=True)
        self._thread.start()

    @property
    def current(self) -> EmbeddedEngine:
        """The engine of the last good pack; immutable, so keep it for one whole decision."""
        return self._current

    @property
    def revision(self) -> str:
        """The revision that decides at this moment."""
        return self._current.revision

    @property
    def modes(self) -> Mapping[str, Mode]:
        """The rules that decide at this moment."""
        return self._current.modes

    def decide(self, policy_input: Mapping[str, Any]) -> object:
        """The raw verdict of the current pack; see `PolicyEngine.decide`."""
        return self._current.decide(policy_input)

    def close(self) -> None:
        """Stops watching; a trial that is under way is waited for."""
        self._stop.set()
        self._thread.join()

    def look(self) -> Reload | None:
        """Looks once; None when nothing changed, or a change is still going on."""
        seen = fingerprint(self._path)
        settled, self._last = seen == self._last, seen
        if seen == self._judged or not settled:
            return None
        self._judged = seen
        return self.renew()

    def renew(self) -> Reload | None:
        """Reads the pack now and swaps to it if it proves itself; None when it is the one that decides already."""
        try:
            pack = self._load()
            if pack.revision == self._current.revision:
                return None
            trial.check(pack, cache=self._cache)
            fresh = EmbeddedEngine(pack, cache=self._cache)
            self._forget()
            self._record(_swap(pack, self._current.revision))
        except PolicyError as error:
            return Reload("refused", self._current.revision, error.message, error.help)
        except GuardError as error:  # what is not on record does not happen; the pack may be good
            self._judged = ()
            return Reload("refused", self._current.revision, error.message, error.help)
        except OSError as error:
            problem = f"the pack cannot be compiled: {(error.strerror or type(error).__name__).lower()}"
            return Reload("refused", self._current.revision, problem, "check the state folder and its disk")
        # INVARIANT: the only write after the constructor, and one assignment: a reader sees the old or the new.
        self._current = fresh
        return Reload("swapped", fresh.revision)

    def _forget(self) -> None:
        """Removes the oldest compiled packs, which a long life would pile up."""
        plans = sorted(self._cache.glob("*.ir"), key=lambda path: path.stat().st_mtime_ns)
        for path in plans[:-KEPT_PLANS]:
            path.unlink(missing_ok=True)

    def _watch(self) -> None:
        while not self._stop.wait(self._interval):
            done = self.look()
            if done is not None:
                self._tell(done)


def _swap(pack: Pack, before: str) -> Swap:
    watched = sum(mode is Mode.MONITOR for mode in pack.modes.values())
    return Swap(pack.revision, before, len(pack.rules), watched)


def fingerprint(path: Path) -> Fingerprint:
    """What tells that files changed without reading them: name, size, time and inode of each."""
    found = []
    try:
        for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
            status = each.stat()
            found.append((str(each), status.st_size, status.st_mtime_ns, status.st_ino))
            if len(found) > MAX_FILES:
                break
    except OSError:  # a file went away under our eyes: the next look sees what stands there then
        found.append(("", 0, 0, 0))
    return tuple(found)
