"""`guard dbt ...`: a dbt project's columns as guard knows them, and its properties files with guard's tags."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.options import ConfigFile, Language, NamesIn, check_choice
from guard.cli.session import session
from guard.cli.tables import render_table
from guard.cli.terminal import answer, cell, note, out, save
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_INCOMPLETE, NothingScannedError, UsageError
from guard.integrations.dbt import MAX_BYTES, labels_of, patches
from guard.model import FieldLabel

if TYPE_CHECKING:
    from guard.engine import Guard

Project = Annotated[Path, typer.Option("--project", help="The dbt project's folder, after `dbt parse`.")]
Warehouse = Annotated[
    str, typer.Option("--source", "-s", help="The warehouse that was scanned; without it, names and comments alone.")
]

group = typer.Typer(help="dbt: the columns of a project, and properties files with guard's tags.")


@group.command("columns")
def columns(
    project: Project = Path(),
    source: Warehouse = "",
    output_format: Annotated[str, typer.Option("--format", "-f", help="table or json.")] = "table",
    language: NamesIn = Language.EN,
    config: ConfigFile = None,
) -> int:
    """Print the sensitive columns of a dbt project: those that the last scan of its warehouse found, or without
    `--source` what their names, types and descriptions say. Exit code 1 means that there are some.
    """
    check_choice(output_format, ("table", "json"))
    manifest = _manifest(project)
    with session(config) as g:
        found = [label for label in labels_of(manifest, _known(g, manifest, source)) if label.verdict == "sensitive"]
        names = {label.label.kind: g.kind_name(label.label.kind, language.value) for label in found if label.label}
    rows = [
        (one.field.dataset.name, one.field.path, names[one.label.kind], one.label.kind, one.label.level, one.score)
        for one in found
        if one.label
    ]
    if output_format == "json":
        keys = ("relation", "column", "kind_name", "kind", "level", "score")
        answer(json.dumps({"v": 1, "columns": [dict(zip(keys, row, strict=True)) for row in rows]}, ensure_ascii=False))
    else:
        shown = [(cell(a), cell(b), *rest, str(level), f"{score:.2f}") for a, b, *rest, level, score in rows]
        out(render_table(("relation", "column", "what it is", "kind", "level", "score"), shown))
    return EXIT_FINDINGS if rows else EXIT_CLEAN


@group.command("patch")
def patch(
    project: Project = Path(),
    source: Warehouse = "",
    write: Annotated[bool, typer.Option("--write", help="Write the files; without it they are printed.")] = False,
    config: ConfigFile = None,
) -> int:
    """Put guard's tags and `meta.guard` into the properties files of a dbt project: into the file that describes a
    resource, or into models/guard.yml. A file with comments is never written over, because they would be lost; what
    belongs into it is printed, and the exit code is 4.
    """
    manifest = _manifest(project)
    with session(config) as g:
        files = patches(manifest, _known(g, manifest, source), lambda path: _inside(project, path).read_text("utf-8"))
    if not files:
        raise NothingScannedError(
            "no column of the project is known as sensitive", help="scan the warehouse, then name it with --source"
        )
    kept = 0
    for path, text in files.items():
        target = _inside(project, path)
        if write and not _has_comments(target):
            save(target, text)
            note(f"written to {cell(path)}")
            continue
        kept += write
        out(f"# {cell(path)}\n{text}")
    return EXIT_INCOMPLETE if kept else EXIT_CLEAN


def _manifest(project: Path) -> bytes:
    path = project / "target" / "manifest.json"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"`{path}` is too large", help=f"at most {MAX_BYTES} bytes")
        return path.read_bytes()
    except OSError:
        raise UsageError(f"`{path}` cannot be read", help="run `dbt parse`, or name the project's folder") from None


def _known(g: Guard, manifest: bytes, source: str) -> Iterable[FieldLabel]:
    """What the last scan of the warehouse found, or what names say."""
    if source:
        return g.catalogue(source)
    from guard.integrations.dbt import judged

    return judged(manifest, g.parts.classifier)


def _inside(project: Path, path: str) -> Path:
    """A properties file of the project; a manifest comes from elsewhere and may name any path.

    Raises:
        UsageError: it lies outside, or is no properties file.
    """
    root = project.resolve()
    target = (root / path).resolve()
    if not target.is_relative_to(root) or target.suffix not in {".yml", ".yaml"}:
        raise UsageError("the manifest names a properties file outside of the project", help="run `dbt parse` again")
    return target


def _has_comments(target: Path) -> bool:
    """True when a line of the file begins or ends with what could be a comment; too often rather than never."""
    if not target.exists():
        return False
    return any(line.lstrip().startswith("#") or " #" in line for line in target.read_text("utf-8").splitlines())
