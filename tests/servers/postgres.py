"""A real PostgreSQL server for the run: a fresh cluster in a temporary folder, gone afterwards."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.servers.database import folder_for, serving, user_for
from tests.servers.missing import server_missing
from tests.servers.ports import free_port

OWNER = "postgres"  # the role in the cluster, and the system user when the tests run as root


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


def _answers(server: PostgresServer) -> bool:
    try:
        psycopg.connect(server.url(), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def postgres_server(binaries: Path) -> Iterator[PostgresServer]:
    """Runs a cluster while the block runs; stopped and removed on every way out."""
    user = user_for(OWNER)
    with folder_for(user, "guard-pg-") as folder:
        data = _initialise(binaries, folder, user)
        server = PostgresServer(free_port())
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(server.port),
            "unix_socket_directories": str(folder),
            "fsync": "off",  # a test that kills the server itself starts its own
            "shared_buffers": "32MB",
            "max_connections": "60",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [binaries / "postgres", "-D", data, *options]
        stop = (signal.SIGINT, signal.SIGQUIT)  # the fast shutdown; the immediate one when a connection hangs
        with serving(command, folder, user, lambda: _answers(server), environment=_environment(), stop=stop):
            yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server for the whole run: `.url(database)`, `.create_database() -> url`."""
    binaries = find_binaries()
    if binaries is None:
        server_missing("PostgreSQL", "apt-get install -y postgresql")
    with postgres_server(binaries) as server:
        yield server
