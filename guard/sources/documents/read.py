"""A document as its passages: starts the child that reads it, and says plainly why one cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import msgspec

from guard.errors import SourceError
from guard.sources.documents import limits
from guard.sources.documents.passage import Extracted, Passage

SUFFIXES = (".docx", ".pptx", ".xlsx", ".pdf")
EXTRA = "pip install 'guard[documents]'"
_UNREAD = "unread"
_NAMED = 20  # pages without text that are named


class _Line(msgspec.Struct, frozen=True):
    """A passage, or how it ended."""

    place: str = ""
    text: str = ""
    end: str = ""
    why: str = ""


_decode = msgspec.json.Decoder(_Line).decode


def is_document(path: Path) -> bool:
    """True for a file that is read here, by its name."""
    return path.suffix.lower() in SUFFIXES


def extract(path: Path, *, sheet: str = "") -> Extracted:
    """The passages of a document, blank ones left out; of a workbook, those of one sheet when it is named.

    Raises:
        SourceError: the library is not installed, the file is none of this format, it is locked, or it is larger than
            what `limits` allows.
    """
    found = _lines(path, path.suffix.lower()[1:], sheet)
    passages = tuple(Passage(line.place, line.text) for line in found if line.place != _UNREAD and line.text.strip())
    pages = [line.text for line in found if line.place == _UNREAD]
    named = ", ".join(pages[:_NAMED]) + (" and others" if len(pages) > _NAMED else "")
    return Extracted(passages, f"no text, but pictures, on page {named}" if pages else "")


def sheets(path: Path) -> tuple[str, ...]:
    """The names of the sheets of a workbook.

    Raises:
        SourceError: as `extract`.
    """
    return tuple(line.place for line in _lines(path, "xlsx:sheets", ""))


def _lines(path: Path, form: str, sheet: str) -> list[_Line]:
    command = [sys.executable, "-P", "-s", "-m", "guard.sources.documents.child", form, str(path.absolute())]
    try:
        done = subprocess.run(  # noqa: S603 - this program, and a path that it opens
            [*command, *([sheet] if sheet else [])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limits.SECONDS,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        _refused(path, f"it was not read in {limits.SECONDS:g} s")
    lines = [_decode(line) for line in done.stdout.splitlines()]
    end = lines.pop() if lines and lines[-1].end else _Line(end="broken", why="the reader was ended")
    if end.end != "done":
        _ended(end, path)
    return lines


def _ended(end: _Line, path: Path) -> NoReturn:
    """The error of a reading that did not come to its end."""
    if end.end == "missing":
        raise SourceError(f"reading `{path.suffix.lower()}` needs a library that is not installed", help=EXTRA)
    _refused(path, end.why if end.end == "refused" else f"it cannot be read as {path.suffix[1:].lower()} (`{end.why}`)")


def _environment() -> dict[str, str]:
    """Nothing of ours but where guard is found: what takes a document over finds no secret."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(Path(__file__).resolve().parents[3]), "PYTHONUTF8": "1"}


def _refused(path: Path, why: str) -> NoReturn:
    raise SourceError(f"`{path.name}` is not looked at: {why}", help="open it, save it anew, or split it")
