"""How a command is told which rule pack it works on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.errors import UsageError

if TYPE_CHECKING:
    from guard.policy.bundle.jws import VerificationKey
    from guard.policy.pack import Pack

Folder = Annotated[
    Path | None,
    typer.Argument(help="The folder `policy` of a rule pack, or a bundle; by default the configured one."),
]
Key = Annotated[
    Path | None, typer.Option("--key", help="Checks a signed bundle: a PEM public key, or a file with the secret.")
]
Alg = Annotated[str, typer.Option("--alg", help="The algorithm of the key: HS256, RS256, ES256 or EdDSA.")]
Scope = Annotated[str, typer.Option("--scope", help="The scope of the signature.")]


def pack_at(
    folder: Path | None, config: Path | None, *, key: Path | None = None, alg: str = "RS256", scope: str = ""
) -> Pack:
    """The pack that the options name.

    Raises:
        PolicyError: it does not load.
        ConfigError, UsageError: the key does not fit.
    """
    from guard.policy.pack import Pack

    return Pack.load(folder or configured(config), key=_verifying(key, alg, scope))


def configured(config: Path | None) -> Path:
    """Where the configured pack stands: the bundle, or the folder."""
    from guard.config import default_rules, load

    loaded = load(config)
    settings = loaded.config
    if settings.policy.bundle:
        return Path(loaded.root / settings.policy.bundle)
    return Path((loaded.root / settings.rules if settings.rules else default_rules()) / "policy")


def algorithm(name: str) -> str:
    """One of the known algorithms.

    Raises:
        UsageError: it is none.
    """
    from guard.policy.bundle.jws import ALGORITHMS

    if name not in ALGORITHMS:
        raise UsageError(f"unknown algorithm `{name}`", help=f"choose one of {', '.join(ALGORITHMS)}")
    return name


def _verifying(key: Path | None, alg: str, scope: str) -> VerificationKey | None:
    if key is None:
        return None
    from guard.policy.bundle.jws import VerificationKey, read_key

    return VerificationKey(read_key(str(key)), algorithm(alg), scope=scope)  # type: ignore[arg-type]  # checked
