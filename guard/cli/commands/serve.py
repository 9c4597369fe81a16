"""`guard serve`: the sidecar, for services that are not written in Python."""

from __future__ import annotations

from typing import Annotated

import typer

from guard.cli.options import ConfigFile
from guard.cli.session import session
from guard.errors import EXIT_CLEAN


def command(
    host: Annotated[
        str | None, typer.Option(help="Address; any but loopback needs a token or client certificates.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 picks a free one and prints it.", min=0, max=65535)] = None,
    config: ConfigFile = None,
) -> int:
    """Serve check, query, classify, anonymize, lineage and audit over HTTP until SIGTERM."""
    from guard.sidecar.serve import serve

    chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    with session(config, settings={"serve": chosen} if chosen else None) as g:
        serve(g)
    return EXIT_CLEAN
