"""A real PostgreSQL server for the run: a fresh cluster in a temporary folder, gone afterwards."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.servers.missing import server_missing

OWNER = "postgres"  # the role in the cluster, and the system user when the tests run as root
START_SECONDS = 60.0
STOP_SECONDS = 20.0


class PostgresServer:
    """A running cluster on loopback; every test takes its own database from it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._numbers = itertools.count(1)

    def url(self, database: str = "postgres") -> str:
        """The URL of a database as the cluster's owner; loopback needs no password."""
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """Makes an empty UTF-8 database with a fresh name and returns its URL."""
        name = f"guard_test_{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
        return self.url(name)


def find_binaries() -> Path | None:
    """The folder with `initdb` and `postgres`: pg_config's, the newest packaged one, or one on PATH."""
    candidates: list[Path] = []
    if config := shutil.which("pg_config"):
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        candidates.append(Path(answer.stdout.strip()))
    packaged = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if folder.parent.name.isdigit()]
    candidates += sorted(packaged, key=lambda folder: int(folder.parent.name), reverse=True)
    candidates += [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    return next((folder for folder in candidates if _complete(folder)), None)


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres"))


def _unprivileged_user() -> str | None:
    """Whom to run as: initdb and the server refuse root; None is ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(OWNER).pw_name
    except KeyError:
        return pwd.getpwnam("nobody").pw_name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _initialise(binaries: Path, folder: Path, user: str | None) -> Path:
    data = folder / "data"
    command = [binaries / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run(
        command, capture_output=True, text=True, check=False, user=user, cwd=folder, env=_environment()
    )
    if made.returncode != 0:
        pytest.fail(f"initdb failed: {made.stderr}")
    return data


def _environment() -> dict[str, str]:
    """Our own environment without PG* variables, which would point tools elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _wait_until_ready(server: PostgresServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(server.url(), connect_timeout=2):
            return
        time.sleep(0.05)
    pytest.fail(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown; immediate when a connection hangs."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait(STOP_SECONDS)


@contextlib.contextmanager
def postgres_server(binaries: Path) -> Iterator[PostgresServer]:
    """Runs a cluster while the block runs; stopped and removed on every way out."""
    user = _unprivileged_user()
    # The path stays short: a Unix socket's name may have only 107 bytes, and macOS temporary folders are long.
    folder = Path(tempfile.mkdtemp(prefix="guard-pg-", dir="/tmp"))
    process: subprocess.Popen[bytes] | None = None
    try:
        if user is not None:
            shutil.chown(folder, user=user)
        data = _initialise(binaries, folder, user)
        server = PostgresServer(_free_port())
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(server.port),
            "unix_socket_directories": str(folder),
            "fsync": "off",  # a test that kills the server itself starts its own
            "shared_buffers": "32MB",
            "max_connections": "60",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, *options],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                user=user,
                cwd=folder,
                env=_environment(),
                start_new_session=True,  # Ctrl-C at the terminal reaches the tests, which then stop the server
            )
        _wait_until_ready(server, process, log)
        yield server
    finally:
        if process is not None and process.poll() is None:
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server for the whole run: `.url(database)`, `.create_database() -> url`."""
    binaries = find_binaries()
    if binaries is None:
        server_missing("PostgreSQL", "apt-get install -y postgresql")
    with postgres_server(binaries) as server:
        yield server
