"""`guard scan SOURCE`: what is sensitive, and where is it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guard.classify.suppress import Gate
from guard.cli.formats import OPEN, check_format, findings, render_scan, scan_formats
from guard.cli.options import AsOf, ConfigFile, Language, NamesIn, Scheme, rate_of
from guard.cli.progress import progress
from guard.cli.schemes import day_of, with_scheme
from guard.cli.session import session
from guard.cli.terminal import answer, check_writable, note, out, save
from guard.errors import (
    EXIT_CLEAN,
    EXIT_FINDINGS,
    EXIT_INCOMPLETE,
    EXIT_NOTHING,
    NothingScannedError,
    SourceError,
    UsageError,
)
from guard.model import ScanReport

MOST_SECRET = 5  # the highest level; `--fail-level` above it never fails


def command(
    source: Annotated[str, typer.Argument(help="A URI, a file, a glob, a folder, or a configured name.")],
    table: Annotated[
        list[str] | None, typer.Option("--table", "-t", help="Only tables that match; may repeat.")
    ] = None,
    sample: Annotated[int | None, typer.Option(help="Rows read of each table.", min=0)] = None,
    rate: Annotated[
        str,
        typer.Option(
            "--rate", metavar="SHARE", help="Instead of --sample: find the kinds in this share of the cells, as 1/1000."
        ),
    ] = "",
    confidence: Annotated[float, typer.Option(help="With --rate: the probability of finding them.")] = 0.95,
    seed: Annotated[int | None, typer.Option(help="Chooses the rows.", min=0)] = None,
    output_format: Annotated[
        str, typer.Option("--format", "-f", help=f"One of {', '.join(scan_formats())}.")
    ] = "table",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to a file instead.")] = None,
    fail_level: Annotated[
        int, typer.Option(help="Exit 1 only for fields of this level or above; 6 never does.", min=1, max=6)
    ] = 1,
    full: Annotated[bool, typer.Option("--full", help="Read also what did not change since an earlier scan.")] = False,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="Only what this baseline does not know is a finding.")
    ] = None,
    scheme: Scheme = "",
    as_of: AsOf = "",
    language: NamesIn = Language.EN,
    config: ConfigFile = None,
) -> int:
    """Sample a source read-only, classify every column, and keep the labels.

    Exit code 1 means that sensitive fields were found, or that what was seen contradicts the lineage, 3 that nothing
    was looked at, 4 that the result is partial. With `--format sarif` the findings are in the file, and the exit code
    is 0 for them.

    With a baseline SARIF keeps no 0 for what is new. Accepted findings stand in the file that `scan.suppressions`
    names; one that has expired is a finding.
    """
    check_format(output_format)
    check_writable(output)
    day = day_of(as_of)
    if scheme and output_format not in ("table", "json", "markdown"):
        raise UsageError(f"`--scheme` does not go with `{output_format}`", help="choose table, markdown or json")
    with session(config) as g:
        with progress() as show:
            try:
                report = g.scan(
                    source,
                    table,
                    sample,
                    seed,
                    rate=rate_of(rate),
                    confidence=confidence,
                    full=full,
                    progress=show,
                )
            except SourceError as error:
                raise NothingScannedError(error.message, help=error.help) from error
        gate = g.gate(report, baseline=baseline)
        text = render_scan(report, output_format, lambda kind: g.kind_name(kind, language.value), gate)
        if scheme:
            text = with_scheme(
                text, output_format, g.scheme_report(scheme, as_of=day, report=report), g, language.value
            )
    if output:
        save(output, text)
        note(f"written to {output}")
    elif output_format == "table":
        out(text)
    else:
        answer(text)
    is_sarif = output_format == "sarif" and baseline is None
    return exit_code(report, fail_level=fail_level, is_sarif=is_sarif, gate=gate)


def exit_code(report: ScanReport, *, fail_level: int, is_sarif: bool = False, gate: Gate = OPEN) -> int:
    """Partial outranks findings; SARIF carries findings in itself and keeps 0 for them."""
    if all(field.verdict == "not_scanned" for field in report.fields):
        return EXIT_NOTHING
    if report.partial:
        return EXIT_INCOMPLETE
    found = any(field.label and field.label.level >= fail_level for field in findings(report, gate))
    found = found or (bool(gate.expired) and fail_level <= MOST_SECRET) or bool(report.contradictions)
    return EXIT_FINDINGS if found and not is_sarif else EXIT_CLEAN
