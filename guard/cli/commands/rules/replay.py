"""`guard rules replay RECORDING`: recorded decisions under changed rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.commands.rules.named import Alg, Folder, Key, Scope, pack_at
from guard.cli.options import ConfigFile, check_choice, read_text
from guard.cli.terminal import answer, out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_NOTHING

if TYPE_CHECKING:
    from guard.policy.changes.replay import Flip, Replay


def command(
    recording: Annotated[Path, typer.Argument(help="The file that `policy.record` names.")],
    folder: Folder = None,
    accept: Annotated[list[str], typer.Option("--accept", help="The id of a change that is meant; may repeat.")] = [],  # noqa: B006
    accepted: Annotated[
        str, typer.Option("--accepted", help="A file of such ids, one a line, `#` begins a comment: `@FILE`.")
    ] = "",
    output_format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
    key: Key = None,
    alg: Alg = "RS256",
    scope: Scope = "",
    config: ConfigFile = None,
) -> int:
    """Ask the pack every recorded question again. Exit code 1 when a denial becomes an allow that nobody accepted."""
    from guard.policy.changes.recording import read
    from guard.policy.changes.replay import replay

    check_choice(output_format, ("text", "json"))
    lines = read_text(accepted).splitlines() if accepted else []
    known = {*accept, *(line.partition("#")[0].strip() for line in lines)}
    found = replay(read(recording), pack_at(folder, config, key=key, alg=alg, scope=scope))
    refused = found.refused(known)
    if output_format == "json":
        answer(_as_json(found, refused))
    else:
        out("\n".join(_as_text(found, refused)) + "\n")
    if not found.questions:
        return EXIT_NOTHING
    return EXIT_FINDINGS if refused else EXIT_CLEAN


def _as_text(found: Replay, refused: tuple[Flip, ...]) -> Iterator[str]:
    for flip in found.flips:
        labels = " + ".join(flip.labels) or "no label"
        yield f"{flip.direction.upper()}  {flip.id}  {'+'.join(flip.roles) or '-'} for {flip.purpose} on {labels}"
        yield from (f"  {text}" for text in flip.what)
        yield f"  {flip.times} questions{'' if flip in refused or not flip.opens else ', accepted'}"
    yield f"{found.questions} questions, {len(found.flips)} kinds of change, {len(refused)} denials opened"
    if found.inexact:
        yield f"{found.inexact} questions depend on texts of attributes, which a recording does not hold"


def _as_json(found: Replay, refused: tuple[Flip, ...]) -> str:
    import msgspec

    document = {"v": 1, **msgspec.to_builtins(found), "refused": [flip.id for flip in refused]}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
