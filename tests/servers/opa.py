"""A real `opa run --server` for the tests, on a free port of 127.0.0.1, stopped afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.missing import server_missing
from tests.servers.ports import free_port

INSTALL = "go install github.com/open-policy-agent/opa@v1.22.0"
START_SECONDS = 20


def find_opa() -> Path | None:
    """The binary: `GUARD_OPA`, then PATH, then guard's cache folder."""
    named = os.environ.get("GUARD_OPA")
    if named:
        return Path(named)
    on_path = shutil.which("opa")
    if on_path:
        return Path(on_path)
    cached = Path.home() / ".cache" / "guard" / "opa" / "opa"
    return cached if cached.is_file() else None


class OpaProcess:
    """One server process; `kill` and `start` let a test take it away and bring it back on the same port."""

    def __init__(self, binary: Path, folder: Path, *, arguments: tuple[str, ...] = (), scheme: str = "http") -> None:
        self._binary = binary
        self._folder = folder
        self._arguments = arguments
        self._scheme = scheme
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it and waits until it listens."""
        command = [str(self._binary), "run", "--server", "--addr", f"127.0.0.1:{self.port}", "--log-level", "error"]
        self._process = subprocess.Popen([*command, "--skip-version-check", *self._arguments], cwd=self._folder)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                assert self._process.poll() is None, "opa ended at once"
                time.sleep(0.02)
        pytest.fail("opa did not listen in time")

    def kill(self) -> None:
        """Ends it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="session")
def opa_binary() -> Path:
    """The `opa` program of this machine."""
    binary = find_opa()
    if binary is None:
        server_missing("opa", INSTALL)
    return binary


@pytest.fixture(scope="session")
def opa_server(opa_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpaProcess]:
    """A server for the whole run; who needs to stop it uses `opa_process`."""
    server = OpaProcess(opa_binary, tmp_path_factory.mktemp("opa"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def opa_process(opa_binary: Path, tmp_path: Path) -> Iterator[OpaProcess]:
    """A server of one test, not started yet."""
    server = OpaProcess(opa_binary, tmp_path)
    yield server
    server.kill()
