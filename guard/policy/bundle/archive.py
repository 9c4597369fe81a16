"""The container of a bundle: a gzipped tar, read within bounds and written so that equal content gives equal bytes."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from guard.errors import PolicyError

MAX_PACKED_BYTES = 32 << 20
MAX_UNPACKED_BYTES = 64 << 20  # of all files together
MAX_FILES = 10_000
_HELP = "build it with `guard rules build` or `opa build`"


def read(path: Path) -> dict[str, bytes]:
    """The files of the archive: path in the bundle, without a leading slash, to content.

    Raises:
        PolicyError: it is no such archive, has anything but files and folders, or goes beyond the bounds.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(MAX_PACKED_BYTES + 1)
    except OSError as error:
        cause = (error.strerror or "unknown cause").lower()
        raise PolicyError(f"the bundle `{path}` cannot be read: {cause}", help="check the path") from None
    if len(packed) > MAX_PACKED_BYTES:
        raise PolicyError(f"the bundle `{path}` is larger than {MAX_PACKED_BYTES} bytes", help=_TABLES)
    return unpack(packed, name=str(path))


def unpack(packed: bytes, *, name: str) -> dict[str, bytes]:
    """The files of an archive in memory; see `read`."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            # Tar adds a header and a filling to each file; 1 KiB each covers both.
            content = stream.read(MAX_UNPACKED_BYTES + MAX_FILES * 1024 + 1)
        if len(content) > MAX_UNPACKED_BYTES:
            raise PolicyError(f"the bundle `{name}` holds more than {MAX_UNPACKED_BYTES} bytes", help=_TABLES)
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            return _files(archive, name)
    except (OSError, EOFError, zlib.error, tarfile.TarError, UnicodeDecodeError, ValueError, OverflowError):
        raise PolicyError(f"`{name}` is not a bundle: no gzipped tar", help=_HELP) from None


def pack(files: Mapping[str, bytes]) -> bytes:
    """The archive; times and owners are fixed, so that it depends on the content alone."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"/{name}")
            entry.size = len(content)
            entry.mode = 0o600
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


def _files(archive: tarfile.TarFile, name: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for entry in archive:
        path = entry.name.removeprefix("./").lstrip("/")
        if entry.isdir():
            continue
        if not entry.isfile() or ".." in PurePosixPath(path).parts or not path:
            raise PolicyError(f"the bundle `{name}` holds something that is no plain file", help=_HELP)
        if path in found:
            raise PolicyError(f"`{path}` stands twice in the bundle `{name}`", help=_HELP)
        if len(found) >= MAX_FILES:
            raise PolicyError(f"the bundle `{name}` has more than {MAX_FILES} files", help="this is not a rule pack")
        stream = archive.extractfile(entry)
        found[path] = stream.read() if stream is not None else b""
    return found


_TABLES = "a rule pack holds rules and small tables; keep large tables in the database and refer to them by `in_table`"
