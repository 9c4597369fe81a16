"""What goes to a terminal: the answer on stdout, everything about the run on stderr.

Names of tables and columns, and the cells of an answer, come from the data, so they must not steer the reader's
terminal: text for people is made printable always, text for programs only when a terminal would show it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import unicodedata
from pathlib import Path

from guard.errors import EXIT_INCOMPLETE, GuardError, UsageError

WIDE = 120  # columns when the output is not a terminal
NARROW = 60  # columns at least

_STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, bidi and format marks, separators of lines
_HARMLESS = frozenset("\n\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")  # the joiners spell words and emoji


class OutputError(GuardError):
    """The answer could not be written: the disk is full, or whoever read it went away."""

    code = "output"

    def __init__(self, message: str, *, is_broken_pipe: bool = False) -> None:
        super().__init__(message, help="free space, or write to another place")
        self.is_broken_pipe = is_broken_pipe


def printable(text: str) -> str:
    """The text with every character that could steer a terminal replaced; lines stay lines."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(
        character
        if character in _HARMLESS or unicodedata.category(character) not in _STEERING
        else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def cell(text: str) -> str:
    """The text for one cell or one name: printable, and on one line."""
    return printable(text.replace("\n", "\N{SYMBOL FOR NEWLINE}"))


def width() -> int:
    """Columns of the terminal, or `WIDE` when stdout is none."""
    return max(shutil.get_terminal_size((WIDE, 24)).columns, NARROW) if sys.stdout.isatty() else WIDE


def note(text: str) -> None:
    """A line about the run itself, on stderr; a reader of stderr that went away is no error."""
    with contextlib.suppress(OSError):
        print(printable(text), file=sys.stderr, flush=True)  # noqa: T201 - the terminal is this module's job


def out(text: str) -> None:
    """An answer for people, on stdout.

    Raises:
        OutputError: it could not be written.
    """
    _write(printable(text))


def answer(text: str) -> None:
    """An answer for programs, on stdout: as it is, unless a terminal would show it.

    Raises:
        OutputError: it could not be written.
    """
    _write(printable(text) if sys.stdout.isatty() else text)


def heading(text: str) -> None:
    """A line that stands out on a terminal, unless `NO_COLOR` is set."""
    styled = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    _write(f"\033[1m{printable(text)}\033[0m\n" if styled else printable(text) + "\n")


def save(path: Path, text: str) -> None:
    """Writes an answer to a file.

    Raises:
        OutputError: it could not be written.
    """
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise OutputError(f"`{path}` cannot be written: {(error.strerror or 'unknown cause').lower()}") from None


def check_writable(path: Path | None) -> None:
    """Refuses a path for an answer before the work begins, not after it.

    Raises:
        UsageError: it names a folder, or its folder is not there.
    """
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        raise UsageError(f"`{path}` cannot be a file", help="name a new file in a folder that is there")


def settle() -> None:
    """Makes stdout and stderr UTF-8 and tolerant, before anything is written."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def finish(code: int) -> int:
    """Delivers what is still buffered; an answer that did not arrive whole is never `EXIT_CLEAN`."""
    try:
        sys.stdout.flush()
    except OSError:
        _let_go()
        return EXIT_INCOMPLETE
    return code


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        _let_go()
        is_broken_pipe = isinstance(error, BrokenPipeError)
        cause = (error.strerror or "unknown cause").lower()
        raise OutputError(f"the answer cannot be written: {cause}", is_broken_pipe=is_broken_pipe) from None


def _let_go() -> None:
    """Points stdout at nothing, so that the interpreter does not fail on the rest of its buffer when it ends."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
