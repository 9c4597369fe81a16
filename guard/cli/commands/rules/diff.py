"""`guard rules diff OLD NEW`: every cell of roles x purposes x label sets that the change opens or closes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.commands.rules.named import Alg, Key, Scope, pack_at
from guard.cli.options import ConfigFile, check_choice
from guard.cli.terminal import answer, out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS, UsageError

if TYPE_CHECKING:
    from guard.policy.changes.diff import Cell, Difference
    from guard.policy.changes.space import Tag
    from guard.policy.changes.told import Direction

MAX_SHOWN = 50  # cells of one direction that the text names; json names them all


def command(
    old: Annotated[Path, typer.Argument(help="The pack as it is: a folder or a bundle.")],
    new: Annotated[Path, typer.Argument(help="The pack as it would be.")],
    role: Annotated[list[str], typer.Option("--role", help="Only this role; may repeat.")] = [],  # noqa: B006
    purpose: Annotated[list[str], typer.Option("--purpose", help="Only this purpose; may repeat.")] = [],  # noqa: B006
    kind: Annotated[list[str], typer.Option("--kind", help="Only this kind; may repeat.")] = [],  # noqa: B006
    output_format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
    key: Key = None,
    alg: Alg = "RS256",
    scope: Scope = "",
    config: ConfigFile = None,
) -> int:
    """Compare two packs over all roles, purposes and sets of labels. Exit code 1 when anything widened."""
    from guard.policy.changes.diff import diff
    from guard.policy.changes.space import NO_PURPOSE, NOBODY, named, tables_of

    check_choice(output_format, ("text", "json"))
    packs = [pack_at(path, config, key=key, alg=alg, scope=scope) for path in (old, new)]
    datas = [pack.data for pack in packs]
    single, sets, chosen = diff(
        packs[0],
        packs[1],
        roles=tuple(role) or (*named("grants", *datas), NOBODY),
        purposes=tuple(purpose) or (*named("purposes", *datas), NO_PURPOSE),
        tags=_tags(kind, config),
        tables=tuple(tables_of(*datas)),
    )
    if output_format == "json":
        answer(_as_json(single, sets, chosen))
    else:
        out("\n".join(_as_text(single, sets, chosen)) + "\n")
    return EXIT_FINDINGS if single.of("widened") or sets.of("widened") else EXIT_CLEAN


def _tags(kinds: Sequence[str], config: Path | None) -> tuple[Tag, ...]:
    """The labels of the taxonomy, and one unknown kind of each level, for what no rule knows by name.

    Raises:
        UsageError: there is no such kind.
    """
    from guard.classify import taxonomy
    from guard.config import default_rules, load
    from guard.policy.changes.space import Tag

    loaded = load(config)
    named = loaded.config.rules
    known = taxonomy.load((loaded.root / named if named else default_rules()) / "taxonomy").kinds
    found = [Tag(kind=one.id, category=one.category, level=one.level) for one in known.values()]
    found += [Tag(kind=f"unknown.level_{level}", category="unknown", level=level) for level in range(1, 6)]
    strangers = sorted(set(kinds) - {tag.kind for tag in found})
    if strangers:
        raise UsageError(f"unknown kind `{strangers[0]}`", help="see docs/reference/kinds.md")
    return tuple(sorted(tag for tag in found if not kinds or tag.kind in kinds))


def _as_text(single: Difference, sets: Difference, chosen: Sequence[Tag]) -> Iterator[str]:
    directions: tuple[Direction, ...] = ("widened", "narrowed", "changed")
    for direction in directions:
        cells = list(dict.fromkeys((*single.smallest(direction), *sets.smallest(direction))))
        for cell in cells[:MAX_SHOWN]:
            yield f"{direction.upper()}  {cell.role} for {cell.purpose} on {_labels(cell)}"
            yield from (f"  {text}" for text in cell.what)
        if len(cells) > MAX_SHOWN:
            yield f"  and {len(cells) - MAX_SHOWN} more; --format json names them all"
    combined = ", ".join(tag.kind for tag in chosen)
    yield f"{single.cells} cells of single labels, {sets.cells} cells of all sets of: {combined}"
    counts = (f"{len(single.of(one))} + {len(sets.of(one))} {one}" for one in directions)
    yield ", ".join(counts)


def _labels(cell: Cell) -> str:
    return " + ".join(f"{tag.kind} (level {tag.level})" for tag in cell.labels) or "no label"


def _as_json(single: Difference, sets: Difference, chosen: Sequence[Tag]) -> str:
    import msgspec

    document = {
        "v": 1,
        "cells": {"single": single.cells, "sets": sets.cells},
        "combined": [tag.kind for tag in chosen],
        "changed": [msgspec.to_builtins(cell) for cell in dict.fromkeys((*single.changed, *sets.changed))],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
