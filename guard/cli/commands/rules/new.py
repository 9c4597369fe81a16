"""`guard rules new`: the files of a new rule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guard.cli.terminal import out
from guard.errors import EXIT_CLEAN, UsageError


def command(
    rule: Annotated[str, typer.Argument(help="Its id: category.rule.")],
    folder: Annotated[Path, typer.Argument(help="The folder `policy` of the rule pack.")],
    title: Annotated[str, typer.Option("--title", help="What it does, in a few words.")] = "A new rule",
    contribution: Annotated[
        str, typer.Option("--contributes", help="allow, deny, mask, row_filter or limit.")
    ] = "deny",
    page: Annotated[
        Path | None, typer.Option("--page", help="Where its page goes; by default beside the pack, under docs.")
    ] = None,
) -> int:
    """Write rule, test, configuration and page; in monitor mode, with tests that pass. Overwrites nothing."""
    from guard.policy.scaffold import PAGE, scaffold

    files = dict(scaffold(rule, contribution, title))
    category, _, name = rule.partition(".")
    text = files.pop(PAGE)
    paths = {folder / file: content for file, content in files.items()}
    paths[page or folder.parent / "docs" / category / f"{name}.md"] = text
    if not folder.is_dir():
        raise UsageError(f"`{folder}` is not a folder", help="name the folder of a rule pack")
    there = [path for path in paths if path.exists()]
    if there:
        raise UsageError(f"`{there[0]}` is there already", help="choose another name for the rule")
    for path, content in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        out(f"{path}\n")
    return EXIT_CLEAN
