"""`guard accuracy TRUTH`: how right guard is about your own data, kind by kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from guard.classify.truth import Accuracy, Score, read, score
from guard.cli.options import ConfigFile, check_choice
from guard.cli.session import recorded
from guard.cli.tables import render_table
from guard.cli.terminal import answer, cell, out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_INCOMPLETE, EXIT_NOTHING, UsageError
from guard.model import FieldLabel


def command(
    truth: Annotated[Path, typer.Argument(help="A CSV with the columns `field` (table.column) and `kind`.")],
    output_format: Annotated[str, typer.Option("--format", "-f", help="table or json.")] = "table",
    config: ConfigFile = None,
) -> int:
    """Score the labels of the last scans against what people say the fields are; reads no data.

    Exit code 1 means mistakes, 3 that no field could be compared, 4 that some could not.
    """
    check_choice(output_format, ("table", "json"))
    wanted = read(truth)
    with recorded(config) as g:
        known = g.parts.classifier.taxonomy.kinds
        for kind in wanted.values():
            if kind and kind not in known:
                raise UsageError(f"`{truth}` names the unknown kind `{kind}`", help="see docs/reference/kinds.md")
        labels: dict[str, FieldLabel | None] = {}
        for name in wanted:
            found = g.lineage.find(name)
            if len(found) > 1:
                raise UsageError(f"`{name}` is more than one field", help="write its schema too")
            labels[name] = g.store.catalogue.label(found[0]) if found else None
    result = score(wanted, labels)
    if output_format == "json":
        answer(json.dumps(_record(result), ensure_ascii=False, indent=2) + "\n")
    else:
        out(_text(result))
    holes = len(result.unknown) + len(result.unread)
    if holes == len(wanted):
        return EXIT_NOTHING
    if holes:
        return EXIT_INCOMPLETE
    return EXIT_FINDINGS if result.mistakes else EXIT_CLEAN


def _record(result: Accuracy) -> dict[str, object]:
    return {
        "v": 1,
        "kinds": [_numbers(each) for each in result.kinds],
        "total": _numbers(result.total),
        "mistakes": [{"field": name, "is": kind, "called": said} for name, kind, said in result.mistakes],
        "unknown": list(result.unknown),
        "not_looked_at": list(result.unread),
    }


def _numbers(each: Score) -> dict[str, object]:
    counts = {"right": each.right, "wrong": each.wrong, "missed": each.missed}
    return {"kind": each.kind, **counts, "precision": each.precision, "recall": each.recall}


def _text(result: Accuracy) -> str:
    rows = [
        (each.kind or "(all)", str(each.right), str(each.wrong), str(each.missed), *_shares(each))
        for each in (*result.kinds, result.total)
    ]
    text = render_table(("kind", "right", "wrong", "missed", "precision", "recall"), rows)
    lines = [f"{name} is {kind or 'nothing'}, called {said or 'nothing'}" for name, kind, said in result.mistakes]
    lines += [f"not known: {name}" for name in result.unknown]
    lines += [f"not looked at: {name}" for name in result.unread]
    return text + "".join(f"{cell(line)}\n" for line in lines)


def _shares(each: Score) -> tuple[str, str]:
    shown = [f"{share:.3f}" if share is not None else "-" for share in (each.precision, each.recall)]
    return shown[0], shown[1]
