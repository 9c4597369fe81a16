"""An HTTP server on loopback for tests whose clients hang up in the middle of an answer."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class LoopbackServer(ThreadingHTTPServer):
    """Answers on 127.0.0.1; port 0 takes a free one.

    A client that goes away is what these tests are about and no error. Every other exception of a handler is one, and
    fails the test. The base class prints both, from a thread that may outlive the test's captured stderr.
    """

    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Called inside the `except` of the base class."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            raise error
