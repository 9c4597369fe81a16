"""What test servers of databases have in common: whom they run as, where, and how they begin and end."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

START_SECONDS = 60.0
STOP_SECONDS = 20.0


def user_for(owner: str) -> str | None:
    """Whom to run as: servers refuse root, or should not run as it; None is ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(owner).pw_name
    except KeyError:
        return pwd.getpwnam("nobody").pw_name


@contextlib.contextmanager
def folder_for(user: str | None, prefix: str) -> Iterator[Path]:
    """A folder of the user's, gone afterwards.

    Its path is short: a Unix socket's name may have only 107 bytes, and macOS' temporary folders are long.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    try:
        if user is not None:
            shutil.chown(folder, user=user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def serving(
    command: Sequence[str | Path],
    folder: Path,
    user: str | None,
    answers: Callable[[], bool],
    *,
    environment: Mapping[str, str] | None = None,
    stop: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGKILL),
) -> Iterator[None]:
    """Runs a server while the block runs, from when it answers; each signal of `stop` has its time to end it."""
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            user=user,
            cwd=folder,
            env=environment,
            start_new_session=True,  # Ctrl-C at the terminal reaches the tests, which then stop the server
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{Path(command[0]).name} did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        _end(process, stop)


def _end(process: subprocess.Popen[bytes], stop: Sequence[signal.Signals]) -> None:
    for each in stop:
        if process.poll() is None:
            process.send_signal(each)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
