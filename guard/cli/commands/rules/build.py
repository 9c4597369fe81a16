"""`guard rules build`: the pack as one OPA bundle, signed or not."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from guard.cli.commands.rules.named import Alg, Folder, Scope, algorithm, pack_at
from guard.cli.options import ConfigFile
from guard.cli.terminal import out
from guard.errors import EXIT_CLEAN, UsageError


def command(
    folder: Folder = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("bundle.tar.gz"),
    signing_key: Annotated[
        Path | None, typer.Option("--signing-key", help="Signs it: a PEM private key, or a file with the HS256 secret.")
    ] = None,
    alg: Alg = "RS256",
    keyid: Annotated[str, typer.Option("--keyid", help="The name by which verifiers know the key.")] = "default",
    scope: Scope = "",
    config: ConfigFile = None,
) -> int:
    """Compile the pack, run its tests, and write it as an OPA bundle; a pack that fails writes nothing."""
    from guard.policy import trial
    from guard.policy.bundle.build import build
    from guard.policy.bundle.jws import SigningKey, read_key

    pack = pack_at(folder, config)
    trial.check(pack)
    key = None
    if signing_key is not None:
        key = SigningKey(read_key(str(signing_key)), algorithm(alg), keyid=keyid)  # type: ignore[arg-type]  # checked
    _replace(output, build(pack, key=key, scope=scope))
    out(f"{output}: {len(pack.rules)} rules, {'signed' if key else 'not signed'}\nrevision {pack.revision}\n")
    return EXIT_CLEAN


def _replace(path: Path, content: bytes) -> None:
    """Writes beside and renames, so that whoever watches the bundle never reads half of it."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        cause = (error.strerror or "unknown cause").lower()
        raise UsageError(f"`{path}` cannot be written: {cause}", help="choose another --output") from None
