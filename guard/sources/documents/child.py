"""The child process that reads one document: `python -m guard.sources.documents.child FORMAT PATH [SHEET]`.

Readers of documents meet files made to break them. Here they may use so much memory and time and no more, and what
they print or raise goes nowhere: a passage a line as JSON leaves, then how it ended.
"""

from __future__ import annotations

import importlib
import logging
import resource
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import msgspec

from guard.sources.documents import limits
from guard.sources.documents.limits import TooMuchError
from guard.sources.documents.passage import Passage


class End(msgspec.Struct, frozen=True):
    """How the reading ended: `done`, `missing` (a library), `refused` (a limit, in `why`), `broken`."""

    end: str
    why: str = ""


def main(form: str, name: str, sheet: str = "") -> None:
    """Writes the passages of a document, then an `End`."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.MEMORY_BYTES, limits.MEMORY_BYTES))
    warnings.simplefilter("ignore")
    logging.disable()
    out = sys.stdout.buffer
    encode = msgspec.json.Encoder().encode
    try:
        for passage in _bounded(form, Path(name), sheet):
            out.write(encode(passage) + b"\n")
        end = End("done")
    except ModuleNotFoundError:
        end = End("missing")
    except TooMuchError as error:
        end = End("refused", str(error))
    except Exception as error:  # noqa: BLE001 - whatever a reader of strangers' files raises, it is unreadable
        end = End("broken", type(error).__name__)
    out.write(encode(end) + b"\n")


def _bounded(form: str, path: Path, sheet: str) -> Iterator[Passage]:
    if path.stat().st_size > limits.FILE_BYTES:
        raise TooMuchError(f"it is larger than {limits.FILE_BYTES >> 20} MiB")
    if form != "pdf":
        limits.check_office(path)
    reader = importlib.import_module(f"guard.sources.documents.{form.removesuffix(':sheets')}")
    found = reader.sheets(path) if form.endswith(":sheets") else reader.passages(path, *([sheet] if sheet else ()))
    left = limits.CHARACTERS
    for number, passage in enumerate(found):
        left -= len(passage.text)
        if number >= limits.PASSAGES or left < 0:
            raise TooMuchError(f"it holds more than {limits.PASSAGES:,} passages or {limits.CHARACTERS:,} characters")
        yield Passage(passage.place, passage.text.encode("utf-8", "replace").decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
