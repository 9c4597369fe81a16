"""`guard keys show | rotate | retire | rewrap | export | import | erase`: the keyring of pseudonyms; never a secret."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.options import ConfigFile
from guard.cli.session import has_state, recorded, session, state_of
from guard.cli.terminal import out
from guard.errors import EXIT_CLEAN, NothingScannedError

if TYPE_CHECKING:
    from guard.engine.keyring import KeyState

group = typer.Typer(help="The keyring of pseudonyms: versions, and the key that wraps it.")

Version = Annotated[int, typer.Argument(min=1, max=999, help="The version.")]
Kek = Annotated[str, typer.Option(metavar="KEY", help="env:NAME, file:/path, or transit:NAME of OpenBao or Vault.")]


@group.command()
def show(config: ConfigFile = None) -> int:
    """Print where the keyring is, what wraps it, and its versions. Exit code 3 means that there is none yet."""
    with session(config) as g:
        if not has_state(g):
            raise NothingScannedError(f"there is no keyring in `{state_of(g)}`", help="it is made with its first use")
        out(_shown(g.keys.show()))
    return EXIT_CLEAN


@group.command()
def rotate(config: ConfigFile = None) -> int:
    """Add a version, which new values get. What stands under older versions stays readable until they are retired."""
    with recorded(config) as g:
        version = g.keys.rotate()
    out(f"rotated: version {version} is current\n")
    return EXIT_CLEAN


@group.command()
def retire(
    version: Version,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; nothing brings it back.")] = False,
    config: ConfigFile = None,
) -> int:
    """Take a version out of the keyring: what still stands under it can be read by nobody any more."""
    with recorded(config) as g:
        if not yes:
            typer.confirm("Values under this version cannot be read or joined afterwards. Go on?", abort=True, err=True)
        g.keys.retire(version)
    out(f"retired: version {version} is gone\n")
    return EXIT_CLEAN


@group.command()
def rewrap(
    old: Annotated[
        str | None,
        typer.Option("--from", metavar="KEY", help="What wraps it now, if not `keys.kek`; `clear` for nothing."),
    ] = None,
    config: ConfigFile = None,
) -> int:
    """Wrap the keyring under `keys.kek`: a new key-encryption key, or the newest version of a transit key."""
    with recorded(config) as g:
        state = g.keys.rewrap("" if old == "clear" else old)
    out(_shown(state))
    return EXIT_CLEAN


@group.command()
def export(
    target: Annotated[Path, typer.Argument(help="A new file.")],
    to: Annotated[str, typer.Option("--to", metavar="KEY", help="What wraps it: env:NAME, file:/path, transit:NAME.")],
    config: ConfigFile = None,
) -> int:
    """Write the keyring to a file, wrapped, so that another host makes the same pseudonyms."""
    with recorded(config) as g:
        state = g.keys.export(target, to)
    out(_shown(state))
    return EXIT_CLEAN


@group.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="A file that `guard keys export` wrote.")],
    wrapped_by: Annotated[str, typer.Option("--from", metavar="KEY", help="What wraps it.")],
    config: ConfigFile = None,
) -> int:
    """Make an exported keyring the one of this guard, before its first use."""
    with session(config) as g:
        state = g.keys.adopt(source, wrapped_by)
    out(_shown(state))
    return EXIT_CLEAN


@group.command()
def erase(
    subject: Annotated[str, typer.Argument(help="The person whose keys are to be destroyed.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; nothing brings them back.")] = False,
    config: ConfigFile = None,
) -> int:
    """Destroy the keys of a person, as `guard audit erase` does: values under them can be read by nobody any more."""
    with recorded(config) as g:
        if not yes:
            typer.confirm("What stands under this person's keys will be noise. Go on?", abort=True, err=True)
        done = g.erase(subject)
    out(f"erased: `{done.pseudonym}` has no keys any more; entry {done.entry} says so\n")
    return EXIT_CLEAN


def _shown(state: KeyState) -> str:
    versions = ", ".join(map(str, state.versions))
    wrapped = f"wrapped under `{state.kek}`" if state.kek else "in clear, readable by its owner alone"
    return f"keyring: {state.where}\n  {wrapped}\n  versions {versions}; {state.versions[-1]} is current\n"
