"""Events by HTTP POST, in order, through a folder that keeps them while the endpoint is away.

`emit` only writes a file; a thread sends the oldest first and removes it when the endpoint took it. A restart goes on
where the last run stopped. The folder is bounded: beyond the bound new events are counted and dropped, since lineage
also stands in guard's store and must not fill the disk.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from guard.errors import StoreError, UsageError
from guard.model import Sensitive, Value

if TYPE_CHECKING:
    import httpx

REFUSED = frozenset({400, 413, 422})  # the endpoint will never take this event; the next one may do better
SUFFIX = ".json"


class HttpOptions(Value, frozen=True):
    """Limits of a sink. Waits double from `first_wait` to `longest_wait` while the endpoint is away."""

    timeout: float = 10.0  # seconds, for connecting and for each read or write
    first_wait: float = 0.5  # seconds
    longest_wait: float = 60.0  # seconds
    spool_bytes: int = 256 * 1024 * 1024
    spool_events: int = 100_000


class SinkStatus(Value, frozen=True):
    """What became of the events: still waiting, sent, refused by the endpoint, dropped because the folder was full."""

    waiting: int
    sent: int
    refused: int
    dropped: int
    last_error: str = ""


class HttpSink:
    """Sends to one URL, never follows a redirect, never blocks the caller on the network."""

    def __init__(
        self, url: str, spool: Path, *, token: Sensitive[str] | None = None, options: HttpOptions | None = None
    ) -> None:
        if not _is_endpoint(url):
            raise UsageError(
                "the lineage endpoint is not an http or https URL without a password",
                help="give the token by reference, not in the URL",
            )
        self._url = url
        self._spool = spool
        self._token = token
        self._options = options or HttpOptions()
        self._lock = _lock(spool)
        self._changed = threading.Condition()
        # OWNED BY: whoever holds `_changed`
        names = sorted(path for path in spool.glob(f"*{SUFFIX}") if path.stem.isdecimal() and len(path.stem) == 20)
        self._waiting = {path.name: path.stat().st_size for path in names}
        self._bytes = sum(self._waiting.values())
        self._sent = self._refused = self._dropped = 0
        self._last_error = ""
        self._closing = False
        self._stamp = max((int(name.removesuffix(SUFFIX)) for name in self._waiting), default=0)
        self._thread = threading.Thread(target=self._run, name="guard-lineage-http", daemon=True)
        self._thread.start()

    def emit(self, event: bytes) -> None:
        """Puts the event behind the others; drops and counts it when the folder is full.

        Raises:
            StoreError: the spool folder cannot be written, or the sink is closed.
        """
        with self._changed:
            if self._closing:
                raise StoreError("the lineage sink is closed")
            options = self._options
            if len(self._waiting) >= options.spool_events or self._bytes + len(event) > options.spool_bytes:
                self._dropped += 1
                return
            self._stamp = max(time.time_ns(), self._stamp + 1)  # grows even when the clock goes back
            name = f"{self._stamp:020d}{SUFFIX}"
            try:
                temporary = self._spool / f".{name}.new"
                temporary.write_bytes(event)
                temporary.replace(self._spool / name)
            except OSError as error:
                raise StoreError(f"lineage spool `{self._spool}` cannot be written: {error.strerror}") from None
            self._waiting[name] = len(event)
            self._bytes += len(event)
            self._changed.notify_all()

    def status(self) -> SinkStatus:
        """The counts since the sink was opened."""
        with self._changed:
            return SinkStatus(len(self._waiting), self._sent, self._refused, self._dropped, self._last_error)

    def flush(self, seconds: float) -> bool:
        """Waits until nothing waits any more; False when that took longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, seconds)

    def close(self) -> None:
        """Stops sending; what waits is sent by the next run."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        os.close(self._lock)

    def _run(self) -> None:
        import httpx

        headers = {"Content-Type": "application/json", "User-Agent": "guard"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.reveal()}"
        wait = self._options.first_wait
        with httpx.Client(
            timeout=self._options.timeout, follow_redirects=False, headers=headers, trust_env=False
        ) as client:
            while (name := self._next()) is not None:
                error = self._send(client, name)
                if not error:
                    wait = self._options.first_wait
                    continue
                with self._changed:
                    self._last_error = error
                    self._changed.wait_for(lambda: self._closing, wait)
                wait = min(2 * wait, self._options.longest_wait)

    def _next(self) -> str | None:
        """The oldest event's name, or None when the sink closes."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._waiting)
            return None if self._closing else next(iter(self._waiting))

    def _send(self, client: httpx.Client, name: str) -> str:
        """Sends one event; the reason why it must be tried again, or empty."""
        import httpx

        path = self._spool / name
        try:
            answer = client.post(self._url, content=path.read_bytes())
            status = answer.status_code
        except FileNotFoundError:
            status = 0  # somebody removed it; nothing is left to send
        except (httpx.HTTPError, OSError) as error:
            return type(error).__name__
        if 300 <= status < 400:
            return f"status {status}: redirects are not followed"
        if status >= 400 and status not in REFUSED:
            return f"status {status}"
        path.unlink(missing_ok=True)
        with self._changed:
            self._bytes -= self._waiting.pop(name)
            if status in REFUSED:
                self._refused += 1
                self._last_error = f"status {status}"
            elif status:
                self._sent += 1
            self._changed.notify_all()
        return ""


def _is_endpoint(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
        )
    except ValueError:
        return False


def _lock(spool: Path) -> int:
    """A descriptor that keeps other sinks out of the folder.

    Raises:
        StoreError: the folder cannot be made, or another sink sends from it.
    """
    fd = -1
    try:
        spool.mkdir(parents=True, exist_ok=True, mode=0o750)
        fd = os.open(spool / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if fd >= 0:
            os.close(fd)
        cause = "another process sends from it" if isinstance(error, BlockingIOError) else error.strerror
        raise StoreError(f"lineage spool `{spool}` cannot be used: {cause}") from None
    return fd
