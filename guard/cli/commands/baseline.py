"""`guard baseline SOURCE`: keep what is known now, so that a build fails on new problems only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guard.classify.suppress import baseline_of, written
from guard.cli.options import ConfigFile
from guard.cli.progress import progress
from guard.cli.session import session
from guard.cli.terminal import check_writable, note, save
from guard.errors import EXIT_CLEAN, EXIT_INCOMPLETE, EXIT_NOTHING, NothingScannedError, SourceError


def command(
    source: Annotated[str, typer.Argument(help="A URI, a file, a glob, a folder, or a configured name.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("guard.baseline.json"),
    table: Annotated[
        list[str] | None, typer.Option("--table", "-t", help="Only tables that match; may repeat.")
    ] = None,
    sample: Annotated[int | None, typer.Option(help="Rows read of each table.", min=0)] = None,
    seed: Annotated[int | None, typer.Option(help="Chooses the rows.", min=0)] = None,
    config: ConfigFile = None,
) -> int:
    """Scan a source and write its findings as a baseline for `guard scan --baseline`; no value is in it.

    Exit code 3 means that nothing was looked at, 4 that the baseline is partial: what was not looked at is not known.
    """
    check_writable(output)
    with session(config) as g:
        with progress() as show:
            try:
                report = g.scan(source, table, sample, seed, progress=show)
            except SourceError as error:
                raise NothingScannedError(error.message, help=error.help) from error
        found = baseline_of(report.fields, source=report.source, made=report.started)
    if all(field.verdict == "not_scanned" for field in report.fields):
        return EXIT_NOTHING
    save(output, written(found))
    note(f"{len(found.findings)} findings written to {output}")
    return EXIT_INCOMPLETE if report.partial else EXIT_CLEAN
