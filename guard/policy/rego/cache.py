"""Compiled plans on disk, so that a process that starts again need not compile again.

A file is one header line and the IR as JSON: `guard-rego-ir 3 KEY SHA256`. The key is the hash of everything the
plan depends on; the digest is that of the body. Anything unexpected in a file means that it is not used. The digest
finds damage, not malice: therefore a file that others may write, or that another user owns, is not used either.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

FORMAT: Final = "guard-rego-ir 3"
COMPILER: Final = "regopy 1.5"
MAX_BYTES: Final = 256 << 20


def cache_key(files: Mapping[str, str], entrypoints: Sequence[str]) -> str:
    """The hash of all that the plan depends on."""
    parts = json.dumps([FORMAT, COMPILER, sorted(files.items()), sorted(entrypoints)], ensure_ascii=True)
    return hashlib.sha256(parts.encode()).hexdigest()


def read(folder: Path, key: str) -> dict[str, Any] | None:
    """The cached plan, or None when there is none that can be trusted."""
    try:
        with (folder / f"{key}.ir").open("rb") as file:
            status = os.fstat(file.fileno())
            if not _ours(status) or status.st_size > MAX_BYTES:
                return None
            header, _, body = file.read(MAX_BYTES).partition(b"\n")
    except OSError:
        return None
    if header.decode("ascii", "replace") != f"{FORMAT} {key} {hashlib.sha256(body).hexdigest()}":
        return None
    found = json.loads(body)
    return found if isinstance(found, dict) else None


def _ours(status: os.stat_result) -> bool:
    if not stat.S_ISREG(status.st_mode):
        return False
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def write(folder: Path, key: str, plan: Mapping[str, Any]) -> None:
    """Stores a plan: written beside, made durable, then renamed, so that a reader sees all of it or none."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = json.dumps(plan, separators=(",", ":")).encode()
    header = f"{FORMAT} {key} {hashlib.sha256(body).hexdigest()}\n".encode()
    handle, name = tempfile.mkstemp(dir=folder, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(header + body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(folder / f"{key}.ir")
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
