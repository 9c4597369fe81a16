"""Key files: readable by their owner only, never written over, never read through a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from guard.audit.disk import PosixDisk
from guard.errors import KeyUnavailableError

MAX_SIZE = 4096  # bytes


def write_secret_file(path: Path, text: str) -> None:
    """Makes the file, durably.

    Raises:
        KeyUnavailableError: it exists or cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        PosixDisk().sync_folder(path.parent)
    except OSError as error:
        raise KeyUnavailableError(f"key file `{path}` cannot be created: {error.strerror}") from None


def read_secret_file(path: Path) -> str:
    """The text of the file.

    Raises:
        KeyUnavailableError: it is missing, not a regular file, readable by others, or too large.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            status = os.fstat(file.fileno())
            data = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise KeyUnavailableError(f"key file `{path}` cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
        raise KeyUnavailableError(f"key file `{path}` is readable by others", help=f"chmod 600 {path}")
    if len(data) > MAX_SIZE:
        raise KeyUnavailableError(f"key file `{path}` is larger than {MAX_SIZE} bytes")
    return data.decode("ascii", "replace")
