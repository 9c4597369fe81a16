"""`guard rules import ranger FILE`: policies of Apache Ranger as rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guard.cli.terminal import out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS, UsageError

MAX_BYTES = 64 << 20
group = typer.Typer(help="Rules of other systems as rules of guard.")


@group.callback()
def _common() -> None:
    """Keeps `ranger` a command of its own while it is the only one."""


@group.command("ranger")
def ranger(
    file: Annotated[Path, typer.Argument(help="An export of policies as JSON.")],
    folder: Annotated[Path, typer.Argument(help="The folder `policy` of the rule pack to write to.")],
    tag: Annotated[
        list[str], typer.Option("--tag", metavar="TAG=KIND", help="A kind or category for a tag; may repeat.")
    ] = [],  # noqa: B006 - typer copies it
    enforce: Annotated[bool, typer.Option("--enforce", help="In force at once, and not in monitor mode.")] = False,
) -> int:
    """Import masks by tag and row filters. Exit code 1 when something was left out."""
    from guard.policy.ranger.convert import convert
    from guard.policy.ranger.rules import files

    tags = dict(_pair(text) for text in tag)
    found = convert(_read(file), tags)
    if not (folder / "lib" / "tables.rego").is_file():
        raise UsageError(f"`{folder}` is no pack with `lib/tables.rego`", help="copy the default pack and name it")
    for name, text in files(found.data, mode="enforce" if enforce else "monitor").items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    masks, filters = found.data["masks"], found.data["row_filters"]
    out(f"{len(masks)} masks, row filters of {len(filters)} tables, {'enforced' if enforce else 'in monitor mode'}\n")
    for left in found.stricter:
        out(f"STRICTER  {left.policy}: {left.why}\n")
    for left in found.left_out:
        out(f"LEFT OUT  {left.policy}: {left.why}\n")
    return EXIT_FINDINGS if found.left_out else EXIT_CLEAN


def _pair(text: str) -> tuple[str, str]:
    name, equals, kind = text.partition("=")
    if not equals or not name or not kind:
        raise UsageError("a `--tag` is not `TAG=KIND`", help="write --tag PII=identity")
    return name, kind


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        cause = (error.strerror or "unknown cause").lower()
        raise UsageError(f"`{file}` cannot be read: {cause}", help="check the path") from None
    if len(content) > MAX_BYTES:
        raise UsageError(f"`{file}` is larger than {MAX_BYTES} bytes", help="export one service at a time")
    return content
