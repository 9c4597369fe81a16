"""`guard demo`: the whole job on an invented city, in under a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guard.errors import EXIT_CLEAN


def command(
    folder: Annotated[
        Path, typer.Argument(help="Where the invented city and guard's state go; made anew each time.")
    ] = Path("guard-demo"),
) -> int:
    """Generate the city, then scan it, ask as three people, be denied, trace a column, verify the log."""
    from guard.demo.walk import walk

    walk(folder)
    return EXIT_CLEAN
