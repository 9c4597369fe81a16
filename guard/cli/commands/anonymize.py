"""`guard anonymize IN OUT --plan plan.yaml`: a file whose fields went through their transforms.

`guard anonymize plan IN` explains the plan instead, and `--dry-run` shows it on invented values.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.options import ConfigFile
from guard.cli.session import session
from guard.cli.terminal import answer, cell, note, out
from guard.errors import EXIT_CLEAN, UsageError

if TYPE_CHECKING:
    from guard.anonymize.files import Progress
    from guard.anonymize.plan import Plan
    from guard.engine import Guard


EXPLAIN = "plan"  # no file that can be anonymised is called so: it has no suffix


def command(
    source: Annotated[str, typer.Argument(metavar="IN", help="A CSV, Parquet or JSON-lines file; or `plan`.")],
    target: Annotated[
        Path | None,
        typer.Argument(metavar="[OUT]", help="The new file, never an existing one; behind `plan` the file to explain."),
    ] = None,
    plan: Annotated[Path | None, typer.Option("--plan", help="A plan; without it one is derived from labels.")] = None,
    derive: Annotated[bool, typer.Option("--derive", help="Print a plan derived from the labels and stop.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show before and after on invented values, write nothing.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a killed run for OUT stopped.")] = False,
    purpose: Annotated[str, typer.Option("--purpose", "-p", help="Purpose of a derived plan.")] = "release",
    scheme: Annotated[str, typer.Option(help="Take levels from this classification scheme of the rules.")] = "",
    model: Annotated[str, typer.Option(help="Who will get a derived plan's result: research, public, test.")] = "",
    delimiter: Annotated[str, typer.Option(help="Between the fields of a CSV file.")] = ",",
    config: ConfigFile = None,
) -> int:
    """Anonymise a file by a plan; nothing is half-written, and the run is in the audit log before the file appears.

    `guard anonymize plan IN` says for each column what happens to it, why, and what can still be known; `--dry-run`
    shows it on invented values.
    """
    explain = source == EXPLAIN
    file = str(target) if explain else source
    if derive and (plan or target):
        raise UsageError("`--derive` prints a plan and writes nothing", help="leave OUT and --plan out")
    if explain and target is None:
        raise UsageError("no file is named", help="write `guard anonymize plan IN --plan plan.yaml`")
    if not (derive or dry_run or explain) and target is None:
        raise UsageError("no output file is named", help="write `guard anonymize IN OUT --plan plan.yaml`")
    if not derive and not Path(file).is_file():
        raise UsageError(f"`{file}` is not a file", help="name one CSV, Parquet or JSON-lines file")
    from guard.anonymize.plan import Plan

    with session(config) as g:
        made = Plan.load(plan) if plan else g.derive_plan(file, purpose=purpose, model=model, scheme=scheme)
        if derive:
            answer(made.to_yaml())
            return EXIT_CLEAN
        if explain or dry_run:
            _show(g, Path(file), made, delimiter, dry_run=dry_run)
            return EXIT_CLEAN
        assert target is not None
        with _progress() as step:
            rows = g.anonymize_file(Path(source), target, made, delimiter=delimiter, resume=resume, progress=step)
    note(f"{rows} row{'s' * (rows != 1)} written to {target}")
    return EXIT_CLEAN


def _show(g: Guard, source: Path, plan: Plan, delimiter: str, *, dry_run: bool) -> None:
    from guard.anonymize.explain import explained
    from guard.anonymize.file_formats import CsvOptions
    from guard.anonymize.files import columns_of
    from guard.anonymize.rehearse import rehearsed

    schema = columns_of(source, CsvOptions(delimiter=delimiter))
    lines = []
    for line in explained(plan, schema):
        key = {"": "", "needed": ", under a key", "gives back": ", and the key gives it back"}[line.key]
        lines.append(f"{cell(line.column)}: {line.transform} ({line.state}{key})")
        lines.append(f"  shows: {cell(line.shows)}")
        lines.extend(f"  {name}: {cell(text)}" for name, text in (("why", line.reason),) if text)
        lines.extend(f"  note: {text}" for text in line.notes)
    if dry_run:
        lines.append("")
        lines.append("On invented values, under a key that is thrown away:")
        for trial in rehearsed(plan, schema, ports=g.ports):
            lines.append(f"{cell(trial.column)}: {trial.transform}")
            after = trial.after or ("(not in the result)",) * len(trial.before)
            lines.extend(f"  {_one(old)} -> {_one(new)}" for old, new in zip(trial.before, after, strict=True))
    out("\n".join(lines) + "\n")


def _one(value: str | None) -> str:
    return "null" if value is None else cell(value)


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None] | None]:
    """A line on a terminal that shows how far the run is; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("anonymising", total=1.0)
        yield lambda step: bar.update(task, completed=step.share)
