"""`guard witness init | key | serve | ask | forks`: others see the log's checkpoints, so that nobody can rewrite it."""

from __future__ import annotations

import enum
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.options import ConfigFile
from guard.cli.session import recorded
from guard.cli.terminal import note, out
from guard.errors import EXIT_CLEAN, EXIT_INCOMPLETE, UsageError

if TYPE_CHECKING:
    from guard.audit.cosign import Cosigner
    from guard.audit.keys import PublicKey

group = typer.Typer(help="A witness of audit logs: make one, serve it, or ask some about guard's own log.")

Folder = Annotated[Path, typer.Option("--folder", help="The witness's own folder: its key and what it has seen.")]
HERE = Path(".guard-witness")
KEY_FILE = "witness.key"
STATE_FILE = "seen.db"


class Kind(enum.StrEnum):
    """What a witness signs with."""

    ED25519 = "ed25519"
    ML_DSA_44 = "ml-dsa-44"


@group.command()
def init(
    name: Annotated[str, typer.Argument(help="The witness's name, such as witness.example.org/w1.")],
    algorithm: Annotated[Kind, typer.Option(help="Ed25519, or the post-quantum ML-DSA-44.")] = Kind.ED25519,
    folder: Folder = HERE,
) -> int:
    """Make a witness's key; print the public one, which verifiers and the log need."""
    from guard.audit import cosign

    kinds = {Kind.ED25519: cosign.Algorithm.ED25519, Kind.ML_DSA_44: cosign.Algorithm.ML_DSA_44}
    cosigner = cosign.create(folder / KEY_FILE, name, kinds[algorithm])
    out(f"{cosigner.public}\n")
    return EXIT_CLEAN


@group.command()
def key(folder: Folder = HERE) -> int:
    """Print the witness's public key."""
    out(f"{_cosigner(folder).public}\n")
    return EXIT_CLEAN


@group.command()
def serve(
    log: Annotated[list[str], typer.Option("--log", metavar="KEY", help="A log's public key; may repeat.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8788,
    folder: Folder = HERE,
) -> int:
    """Cosign checkpoints of these logs, each only when it extends the one before."""
    import uvicorn

    from guard.audit.keys import PublicKey
    from guard.audit.witness import Witness
    from guard.audit.witness_server import app

    logs: dict[str, tuple[PublicKey, ...]] = {}
    for text in log:
        public = PublicKey.parse(text)
        logs[public.name] = (*logs.get(public.name, ()), public)
    witness = Witness(_cosigner(folder), logs, folder / STATE_FILE, lambda: int(time.time()))
    note(f"witness `{witness.public.name}` of {len(logs)} logs")
    uvicorn.run(app(witness), host=host, port=port, log_level="warning", server_header=False)
    return EXIT_CLEAN


@group.command()
def ask(
    witness: Annotated[
        list[str] | None,
        typer.Option("--witness", metavar="URL=KEY", help="A witness; may repeat. By default audit.witnesses."),
    ] = None,
    needed: Annotated[int | None, typer.Option(min=1, help="How many must sign; by default all.")] = None,
    config: ConfigFile = None,
) -> int:
    """Ask witnesses to cosign the log's checkpoint; proofs made afterwards carry their signatures.

    Exit code 4 means that fewer signed than are needed. With `audit.witness_every_s` a running guard asks by itself.
    """
    from guard.audit.ask_witness import WitnessAt
    from guard.audit.ask_witness import ask as ask_all

    with recorded(config) as g:
        settings = g.loaded.config.audit
        asked = [WitnessAt.parse(text) for text in witness or settings.witnesses]
        if not asked:
            raise UsageError("no witness is named", help="give --witness URL=KEY, or set audit.witnesses")
        enough = needed or settings.witnesses_needed or len(asked)
        answer = ask_all(g.parts.audit_folder, g.parts.verifier_key, asked, needed=enough)
    for name, cause in answer.refused:
        note(f"`{name}` did not sign: {cause}")
    out(f"{len(answer.signed)} of {len(asked)} witnesses cosigned {answer.checkpoint.size} entries\n")
    return EXIT_CLEAN if len(answer.signed) >= enough else EXIT_INCOMPLETE


@group.command()
def forks(folder: Folder = HERE) -> int:
    """Print signed checkpoints that contradict each other: proof that a log showed two histories. Exit code 1 if so."""
    from guard.audit.witness import Witness

    found = Witness(_cosigner(folder), {}, folder / STATE_FILE, lambda: 0).forks()
    for text in found:
        out(f"{text}\n")
    return 1 if found else EXIT_CLEAN


def _cosigner(folder: Path) -> Cosigner:
    from guard.audit import cosign

    return cosign.load(folder / KEY_FILE)
