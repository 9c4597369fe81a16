"""Marks: what shows cheaply, without reading a cell, that the data of a table cannot have changed.

A mark is compared for equality only. Two equal marks, taken before each of two reads, mean that both reads saw the
same data, as far as the kind of source can tell; a table without a mark is always read again.

A file's mark is its inode, size and both times. Within one tick of the file system's clock a file can change twice and
keep its times, so a file that changed less than `RACY_NS` before it was marked has no mark.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from pathlib import Path

RACY_NS = 100_000_000  # a tenth of a second, many ticks of a kernel's coarse clock


def of_files(paths: Iterable[Path], *, now_ns: int | None = None) -> str:
    """The mark of files read together; those that are not there count as not there. Empty when one is too young."""
    digest = hashlib.sha256()
    now = time.time_ns() if now_ns is None else now_ns
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            digest.update(f"{path}\0none\n".encode())
            continue
        if now - max(status.st_mtime_ns, status.st_ctime_ns) < RACY_NS:
            return ""
        facts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        digest.update(f"{path}\0{facts}\n".encode())
    return digest.hexdigest()[:32]
