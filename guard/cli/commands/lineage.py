"""`guard lineage TABLE.COLUMN`: where a column comes from and where it went."""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from guard.cli.options import ConfigFile, check_choice
from guard.cli.session import recorded
from guard.cli.terminal import answer, out
from guard.errors import EXIT_CLEAN, UsageError


class Direction(enum.StrEnum):
    """Which way to follow the edges."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


FORMATS = ("tree", "json", "csv")


def command(
    field: Annotated[str, typer.Argument(metavar="TABLE.COLUMN", help="The end of the dataset's name is enough.")],
    depth: Annotated[int, typer.Option(help="How many steps to follow.", min=1, max=100)] = 3,
    direction: Annotated[Direction, typer.Option(help="Where from, where to, or both.")] = Direction.BOTH,
    output_format: Annotated[str, typer.Option("--format", "-f", help="tree, json or csv.")] = "tree",
    config: ConfigFile = None,
) -> int:
    """Follow the recorded edges of a column; prints each job that moved it."""
    check_choice(output_format, FORMATS)
    if "." not in field:
        raise UsageError(f"`{field}` names no column", help="write TABLE.COLUMN")
    with recorded(config) as g:
        text = g.lineage.show(field, depth=depth, direction=direction.value, output_format=output_format)
    if output_format == "tree":
        out(text)
    else:
        answer(text)
    return EXIT_CLEAN
