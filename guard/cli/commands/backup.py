"""`guard backup create | verify | restore`: guard's whole state in one file, with the keys under a passphrase."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.options import ConfigFile, read_text
from guard.cli.session import recorded, session
from guard.cli.terminal import out
from guard.errors import EXIT_CLEAN

if TYPE_CHECKING:
    from guard.model import Checkpoint, Sensitive

group = typer.Typer(help="Back guard's state up, check a backup, restore one.")

File = Annotated[Path, typer.Argument(help="The backup.")]
Passphrase = Annotated[str, typer.Option("--passphrase", metavar="REF", help="Where it stands: env:NAME or file:PATH.")]
Known = Annotated[
    Path | None, typer.Option("--known", metavar="FILE", help="A checkpoint that you kept: the log must not be older.")
]


@group.command()
def create(file: File, passphrase: Passphrase, config: ConfigFile = None) -> int:
    """Write a backup of catalogue, log and keys, while guard works."""
    from guard.audit import timestamp
    from guard.engine import backup

    with recorded(config) as g:
        secret = _secret(passphrase, g.loaded.root)
        made = backup.create(g.parts, file, secret, created=timestamp(datetime.now(UTC)))
    out(f"backed up: {made.files} files, the log at {made.checkpoint.size} entries\n")
    return EXIT_CLEAN


@group.command()
def verify(file: File, passphrase: Passphrase, known: Known = None) -> int:
    """Open a backup completely and verify its log, without restoring it."""
    from guard.engine import backup

    found = backup.verify(file, _secret(passphrase, Path.cwd()), known=_checkpoint(known))
    out(f"verified: {found.files} files of {found.created}, the log at {found.checkpoint.size} entries\n")
    return EXIT_CLEAN


@group.command()
def restore(
    file: File,
    passphrase: Passphrase,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="FOLDER", help="A log that survived; it must extend the backup's.")
    ] = None,
    known: Known = None,
    config: ConfigFile = None,
) -> int:
    """Make guard's state anew from a backup; the state folder, and a store on a server, must be empty."""
    from guard.engine import backup

    with session(config) as g:
        state, root, store = g.loaded.root / g.loaded.config.state, g.loaded.root, g.loaded.config.store
    found = backup.restore(file, state, _secret(passphrase, root), store=store, log=log, known=_checkpoint(known))
    out(f"restored: {found.files} files of {found.created}, the log had {found.checkpoint.size} entries\n")
    if found.erased_again:
        out(f"erased again, as the log says: {', '.join(found.erased_again)}\n")
    return EXIT_CLEAN


def _secret(reference: str, root: Path) -> Sensitive[bytes]:
    from guard.config import resolve_secret
    from guard.errors import UsageError

    if not reference.startswith(("env:", "file:")):
        raise UsageError("`--passphrase` is a reference, not the passphrase", help="write env:NAME or file:PATH")
    return resolve_secret(reference, root=root)


def _checkpoint(path: Path | None) -> Checkpoint | None:
    from guard.audit import checkpoint

    return checkpoint.parse(read_text(f"@{path}")) if path else None
