"""A disk that fails and a machine that loses power, as the log sees them through its `Disk` port."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

from guard.audit.disk import PosixDisk


class FailingDisk(PosixDisk):
    """Fails at operation number `at`, before or after doing it, and at each one after that.

    `lose_power` then takes the folder back to what a disk may still hold: written bytes that were not synced go,
    files that were put but whose folder was not synced go back to their old form, and so does what was overwritten.
    """

    def __init__(self, at: int = -1, *, after: bool = False, code: int = errno.EIO, forgets_sync: bool = False) -> None:
        self.operations = 0
        self.names: list[str] = []
        self._at, self._after, self._code, self._forgets = at, after, code, forgets_sync
        self._mutex = threading.RLock()
        self._broken_fds: set[int] = set()
        self._paths: dict[int, Path] = {}
        self._written: dict[Path, int] = {}  # bytes of a journal file that were written
        self._synced: dict[Path, int] = {}  # bytes of it that are durable
        self._old: dict[Path, bytes | None] = {}  # what a put or overwritten file was when it was last durable
        self._off = False

    def _do(self, name: str, act: Callable[[], object], partial: Callable[[], object] | None = None) -> object:
        with self._mutex:
            number, self.operations = self.operations, self.operations + 1
            self.names.append(name)
            failing = 0 <= self._at <= number
            if failing and not (self._after and number == self._at):
                if partial is not None and number == self._at:
                    partial()
                raise OSError(self._code, os.strerror(self._code))
            done = act()
            if failing:
                raise OSError(self._code, os.strerror(self._code))
            return done

    def reopen(self, path: Path) -> int:
        """Writing from here; what is there already is durable."""

        def act() -> int:
            fd = super(FailingDisk, self).reopen(path)
            self._paths[fd] = path
            self._synced.setdefault(path, path.stat().st_size)
            return fd

        return self._do("reopen", act)

    def allocate(self, fd: int, start: int, size: int) -> None:
        """Room, which is no data."""
        self._do("allocate", lambda: os.pwrite(fd, bytes(size), start))

    def write(self, fd: int, data: bytes, offset: int) -> None:
        """Not durable yet; a failing write leaves half of it."""
        if fd not in self._paths:  # inside `put`
            super().write(fd, data, offset)
            return
        assert fd not in self._broken_fds, "written behind a failed write or sync"

        def act(part: bytes = data) -> None:
            os.pwrite(fd, part, offset)
            self._written[self._paths[fd]] = offset + len(part)

        try:
            self._do("write", act, lambda: act(data[: len(data) // 2]))
        except OSError:
            self._broken_fds.add(fd)
            raise

    def truncate(self, fd: int, size: int) -> None:
        """Nothing that was committed goes by it."""
        assert size >= self._synced[self._paths[fd]], "cut off what was durable"
        self._do("truncate", lambda: super(FailingDisk, self).truncate(fd, size))

    def sync(self, fd: int) -> None:
        """What was written is durable now."""
        assert fd not in self._broken_fds, "synced again after a failure"

        def act() -> None:
            if not self._forgets:
                path = self._paths[fd]
                self._synced[path] = self._written.get(path, self._synced[path])

        try:
            self._do("sync", act)
        except OSError:
            self._broken_fds.add(fd)
            raise

    def put(self, path: Path, data: bytes) -> None:
        """There, but not durable before its folder is synced."""

        def act() -> None:
            self._remember(path)
            super(FailingDisk, self).put(path, data)
            self._synced.pop(path, None)

        self._do("put", act)

    def sync_folder(self, path: Path) -> None:
        """What was put into the folder is durable now."""

        def act() -> None:
            for each in [each for each in self._old if each.parent == path]:
                del self._old[each]

        self._do("sync_folder", act)

    def overwrite(self, fd: int, data: bytes, offset: int) -> None:
        """Durable at some later time, if ever."""
        path = Path(f"/proc/self/fd/{fd}").readlink()

        def act() -> None:
            self._remember(path)
            os.pwrite(fd, data, offset)

        self._do("overwrite", act)

    def lose_power(self) -> None:
        """Takes back what was not durable."""
        for path, size in self._synced.items():
            if path.exists():
                os.truncate(path, min(size, path.stat().st_size))
        for path, data in self._old.items():
            if data is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(data)

    def _remember(self, path: Path) -> None:
        if path not in self._old:
            self._old[path] = path.read_bytes() if path.exists() else None
