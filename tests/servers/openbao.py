"""A real OpenBao server in development mode for the tests, on a free port of 127.0.0.1, stopped afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers.missing import server_missing
from tests.servers.ports import free_port

INSTALL = "run .ci/openbao, which builds it with Go"
ROOT_TOKEN = "root-of-a-test-server"
START_SECONDS = 30


def find_openbao() -> Path | None:
    """The program: `GUARD_OPENBAO`, then PATH, then guard's cache folder."""
    named = os.environ.get("GUARD_OPENBAO")
    if named:
        return Path(named)
    on_path = shutil.which("bao")
    if on_path:
        return Path(on_path)
    cached = Path.home() / ".cache" / "guard" / "openbao" / "bao"
    return cached if cached.is_file() else None


class OpenBao:
    """One server over TLS, with a transit engine and the key `guard`."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"https://127.0.0.1:{self._port}"
        self.ca_file = folder / "vault-ca.pem"
        command = [str(binary), "server", "-dev", "-dev-tls", f"-dev-tls-cert-dir={folder}", "-dev-no-store-token"]
        command += [f"-dev-listen-address=127.0.0.1:{self._port}", f"-dev-root-token-id={ROOT_TOKEN}"]
        with (folder / "log").open("wb") as log:
            environment = {"HOME": str(folder), "PATH": os.environ.get("PATH", "")}
            self._process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "OpenBao did not listen in time"
            time.sleep(0.05)
        self.call("POST", "sys/mounts/transit", {"type": "transit"})
        self.call("POST", "transit/keys/guard", {})
        policy = "\n".join(
            f'path "transit/{act}/guard" {{ capabilities = ["update"] }}' for act in ("encrypt", "decrypt")
        )
        self.call("POST", "sys/policies/acl/guard", {"policy": policy})
        made = self.call("POST", "auth/token/create", {"policies": ["guard"], "no_default_policy": True})
        self.token: str = made["auth"]["client_token"]

    def call(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """An administrator's call."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        with httpx.Client(verify=context, trust_env=False, timeout=START_SECONDS) as client:
            answer = client.request(method, f"{self.url}/v1/{path}", json=body, headers={"X-Vault-Token": ROOT_TOKEN})
        assert answer.status_code in {200, 204}, answer.text
        return answer.json() if answer.content else None

    def stop(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return self.ca_file.is_file()
        except OSError:
            return False


@pytest.fixture(scope="session")
def openbao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    """A server for the whole run."""
    binary = find_openbao()
    if binary is None:
        server_missing("OpenBao", INSTALL)
    server = OpenBao(binary, tmp_path_factory.mktemp("openbao"))
    yield server
    server.stop()
