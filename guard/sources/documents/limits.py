"""What a document may cost. A file beyond a limit is refused whole, so that no half of it passes as all."""

from __future__ import annotations

import zipfile
from pathlib import Path

FILE_BYTES = 256 << 20
UNPACKED_BYTES = 512 << 20  # of all parts of an Office file together
PART_BYTES = 256 << 20
PARTS = 20_000
PAGES = 10_000  # of a PDF
PASSAGES = 2_000_000
CHARACTERS = 128 << 20
SECONDS = 120.0  # for one document
MEMORY_BYTES = 4 << 30  # of the child's address space
_CHUNK = 1 << 20
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
# Office files have no document type; one that has declares entities, which is how small files become large ones.
_FORBIDDEN = tuple(word.encode(encoding) for word in ("<!DOCTYPE", "<!ENTITY") for encoding in _ENCODINGS)


class TooMuchError(Exception):
    """A limit is passed, or a part is not as Office writes it; the words hold nothing of the document."""


def check_office(path: Path) -> None:
    """Refuses an Office file that would unpack to too much, or that declares entities.

    Raises:
        TooMuchError: it does.
        zipfile.BadZipFile: it is no Office file.
    """
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        # `zipfile` reads no more of a part than its declared size.
        total = sum(part.file_size for part in parts)
        if len(parts) > PARTS or total > UNPACKED_BYTES or any(part.file_size > PART_BYTES for part in parts):
            raise TooMuchError(f"it unpacks to more than {UNPACKED_BYTES >> 20} MiB or {PARTS:,} parts")
        for part in parts:
            if part.filename.lower().endswith((".xml", ".rels", ".vml")):
                _check_part(archive, part)


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    longest = max(map(len, _FORBIDDEN)) - 1
    with archive.open(part) as content:
        before = b""
        while chunk := content.read(_CHUNK):
            seam = before + chunk
            if any(word in seam for word in _FORBIDDEN):
                raise TooMuchError("a part declares a document type, as Office never does")
            before = seam[-longest:]
