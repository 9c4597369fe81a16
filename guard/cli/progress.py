"""How far a long job is, on stderr: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from guard.cli.terminal import cell, note

if TYPE_CHECKING:
    from guard.engine.scan import Progress as Show

PAUSE = 30.0  # seconds between the lines of a log that nobody watches


@contextmanager
def progress(*, clock: Callable[[], float] = time.monotonic) -> Iterator[Show]:
    """Yields what a job calls after each step."""
    if not sys.stderr.isatty():
        yield _lines(clock)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        # Names of tables come from the data and are no markup.
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("opening", total=None)

        def show(table: str, done: int, total: int) -> None:
            bar.update(task, description=cell(table), completed=done, total=total)

        yield show


def _lines(clock: Callable[[], float]) -> Show:
    last = clock()

    def show(table: str, done: int, total: int) -> None:
        nonlocal last
        if done < total and clock() - last >= PAUSE:
            last = clock()
            note(f"{done} of {total} done, the last was {cell(table)}")

    return show
