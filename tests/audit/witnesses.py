"""A real witness server for tests, on a free port of 127.0.0.1."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from guard.audit.ask_witness import WitnessAt
from guard.audit.witness import Witness


@contextmanager
def served(witness: Witness, port: int = 0) -> Iterator[WitnessAt]:
    """Serves while the block runs; gives where the log finds it."""
    import uvicorn

    from guard.audit.witness_server import app

    server = uvicorn.Server(
        uvicorn.Config(app(witness), host="127.0.0.1", port=port, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        where = server.servers[0].sockets[0].getsockname()[1]
        yield WitnessAt(f"http://127.0.0.1:{where}", witness.public)
    finally:
        server.should_exit = True
        thread.join()
