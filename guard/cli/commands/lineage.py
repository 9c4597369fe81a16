"""`guard lineage TABLE.COLUMN` and its questions: where from, where to, what left, who was in it."""

from __future__ import annotations

import enum
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from guard.cli.options import ConfigFile, check_choice
from guard.cli.session import recorded, session
from guard.cli.terminal import answer, out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS, UsageError

if TYPE_CHECKING:
    from guard.lineage.report import Report

MAX_DOCUMENT = 200_000_000  # bytes
MAX_VALUE = 1_024  # bytes


class _ShowFirst(TyperGroup):
    """`guard lineage residents.phone` is `guard lineage show residents.phone`."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Puts `show` before what is no question of its own."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


group = typer.Typer(
    cls=_ShowFirst,
    help="Where data comes from and where it went. `guard lineage TABLE.COLUMN` shows one column.",
    no_args_is_help=True,
)


class Direction(enum.StrEnum):
    """Which way to follow the edges."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


class Border(enum.StrEnum):
    """What data can leave; `subject` asks to whom it went."""

    COUNTRY = "country"
    DEPARTMENT = "department"
    ORGANISATION = "organisation"
    SUBJECT = "subject"


SHOWN = ("tree", "json", "csv", "svg", "openlineage")
DRAWN = ("tree", "json", "csv", "svg")
ROWS = ("table", "json", "csv")

FieldName = Annotated[str, typer.Argument(metavar="TABLE.COLUMN", help="The end of the dataset's name is enough.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="TIME", help="As it was known then: 2026-01-31, or with a time.")
]
RowFormat = Annotated[str, typer.Option("--format", "-f", help="table, json or csv.")]


@group.command()
def show(
    field: FieldName,
    depth: Annotated[int, typer.Option(help="How many steps to follow.", min=1, max=100)] = 3,
    direction: Annotated[Direction, typer.Option(help="Where from, where to, or both.")] = Direction.BOTH,
    output_format: Annotated[str, typer.Option("--format", "-f", help="tree, json, csv, svg or openlineage.")] = "tree",
    as_of: AsOf = None,
    config: ConfigFile = None,
) -> int:
    """Follow the recorded edges of a column; prints each job that moved it."""
    check_choice(output_format, SHOWN)
    _column(field)
    at = _moment(as_of)
    with recorded(config) as g:
        text = g.lineage.show(field, depth=depth, direction=direction.value, output_format=output_format, at=at)
    _print(text, plain=output_format == "tree")
    return EXIT_CLEAN


@group.command()
def impact(field: FieldName, output_format: RowFormat = "table", as_of: AsOf = None, config: ConfigFile = None) -> int:
    """What changes with a column: everything that its values reach, and what it influences."""
    check_choice(output_format, ROWS)
    _column(field)
    with recorded(config) as g:
        trace = g.lineage
        _rows(trace.impact(trace.field(field), at=_moment(as_of)), output_format)
    return EXIT_CLEAN


@group.command()
def paths(
    source: Annotated[str, typer.Argument(metavar="FROM", help="TABLE.COLUMN where the ways begin.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="TABLE.COLUMN where they end.")],
    output_format: Annotated[str, typer.Option("--format", "-f", help="tree, json, csv or svg.")] = "tree",
    as_of: AsOf = None,
    config: ConfigFile = None,
) -> int:
    """The ways from one column to another, shortest first."""
    check_choice(output_format, DRAWN)
    _column(source)
    _column(target)
    with recorded(config) as g:
        trace = g.lineage
        ends = trace.field(source), trace.field(target)
        _print(trace.show_paths(*ends, output_format=output_format, at=_moment(as_of)), plain=output_format == "tree")
    return EXIT_CLEAN


@group.command()
def where(
    kind: Annotated[str, typer.Argument(help="A kind such as cn.mobile, or a family such as `person.`.")],
    only_sensitive: Annotated[
        bool, typer.Option("--only-sensitive", help="Leave out what a rule proves to be safe.")
    ] = False,
    output_format: RowFormat = "table",
    as_of: AsOf = None,
    config: ConfigFile = None,
) -> int:
    """Where this kind of data is now: found by scans, or arrived along the lineage, and in which state."""
    check_choice(output_format, ROWS)
    with recorded(config) as g:
        _rows(g.lineage.where(kind, at=_moment(as_of), only_sensitive=only_sensitive), output_format)
    return EXIT_CLEAN


@group.command()
def left(
    border: Annotated[Border, typer.Argument(help="country, department, organisation, or subject: to whom.")],
    since: Annotated[str | None, typer.Option(metavar="TIME", help="From this moment on.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before this moment.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="Columns without a label too.")] = False,
    output_format: RowFormat = "table",
    config: ConfigFile = None,
) -> int:
    """What went over a border, as what, to whom and for which purpose."""
    check_choice(output_format, ROWS)
    from guard.store.clock import written

    begin, end = _moment(since), _moment(until)
    with recorded(config) as g:
        report = g.lineage.left(
            border.value,
            since=written(begin) if begin else "",
            until=written(end) if end else "",
            everything=everything,
        )
        _rows(report, output_format)
    return EXIT_CLEAN


@group.command()
def person(
    kind: Annotated[str, typer.Argument(help="The kind of the identifier, such as cn.resident_id.")],
    forget: Annotated[bool, typer.Option("--forget", help="Remove the person from the index instead.")] = False,
    output_format: RowFormat = "table",
    config: ConfigFile = None,
) -> int:
    """Which answers held a person's data. The identifier is read from standard input and kept nowhere."""
    check_choice(output_format, ROWS)
    value = sys.stdin.buffer.readline(MAX_VALUE + 1).decode("utf-8", "replace").strip()
    if not value or len(value.encode()) > MAX_VALUE:
        raise UsageError("there is no identifier on standard input", help="type it, or send it through a pipe")
    with recorded(config) as g:
        if forget:
            out(f"{g.lineage.forget(kind, value)} marks removed\n")
        else:
            _rows(g.lineage.person(kind, value), output_format)
    return EXIT_CLEAN


@group.command()
def contradictions(output_format: RowFormat = "table", config: ConfigFile = None) -> int:
    """Where the last scans saw otherwise than the lineage says. Exit code 1 when there are any."""
    check_choice(output_format, ROWS)
    with recorded(config) as g:
        report = g.lineage.contradictions()
        _rows(report, output_format)
    return EXIT_FINDINGS if report.rows else EXIT_CLEAN


@group.command()
def ingest(
    document: Annotated[Path, typer.Argument(help="A dbt manifest.json, or OpenLineage events, one a line.")],
    namespace: Annotated[
        str, typer.Option(help="Of a dbt manifest: the OpenLineage name of its warehouse, postgres://db:5432.")
    ] = "",
    dialect: Annotated[str, typer.Option(help="Of a dbt manifest: the SQL dialect, if not the adapter's.")] = "",
    config: ConfigFile = None,
) -> int:
    """Take in the lineage of another tool, as a job on record. Exit code 1 when something was not understood."""
    try:
        with document.open("rb") as file:
            content = file.read(MAX_DOCUMENT + 1)
    except OSError as error:
        cause = (error.strerror or "unknown cause").lower()
        raise UsageError(f"`{document}` cannot be read: {cause}", help="check the path") from None
    with session(config) as g:
        told = g.lineage.ingest(content, name=document.name, operator=g.operator, namespace=namespace, dialect=dialect)
    lines = [f"{len(told.edges)} edges between {len(told.datasets)} datasets"]
    lines += [f"gap: {gap.code.replace('_', ' ')}: {gap.what} (help: {gap.help})" for gap in told.gaps]
    out("\n".join(lines) + "\n")
    return EXIT_FINDINGS if told.gaps else EXIT_CLEAN


def _column(field: str) -> None:
    if "." not in field:
        raise UsageError(f"`{field}` names no column", help="write TABLE.COLUMN")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("a time is not ISO 8601", help="write 2026-01-31 or 2026-01-31T09:30:00Z") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _rows(report: Report, output_format: str) -> None:
    from guard.lineage.report import FORMATS

    _print(FORMATS[output_format](report), plain=output_format == "table")


def _print(text: str, *, plain: bool) -> None:
    if plain:
        out(text)
    else:
        answer(text)
