"""A real MariaDB server for the run: a fresh data folder in a temporary place, gone afterwards."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from tests.servers.database import folder_for, serving, user_for
from tests.servers.missing import server_missing
from tests.servers.ports import free_port

OWNER = "mysql"  # the system user when the tests run as root
FOLDERS = "/usr/sbin:/usr/local/sbin:/usr/libexec"  # where packages put the server, often not on PATH


class MariaDbServer:
    """A running server on loopback; every test takes its own database from it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._numbers = itertools.count(1)

    def connect(self, database: str | None = None) -> pymysql.Connection:
        """A session as root that commits each statement."""
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", database=database, charset="utf8mb4", autocommit=True
        )

    def url(self, database: str) -> str:
        """The URL of a database as root; loopback needs no password."""
        return f"mariadb://root@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """Makes an empty database with a fresh name and returns its name."""
        name = f"guard_test_{next(self._numbers)}"
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return name


def find_programs() -> tuple[Path, Path] | None:
    """The server and the program that makes its data folder, by whichever of their names is there."""
    path = os.pathsep.join((os.environ.get("PATH", ""), FOLDERS))
    server = shutil.which("mariadbd", path=path)
    install = shutil.which("mariadb-install-db", path=path)
    return (Path(server), Path(install)) if server and install else None


def _initialise(install: Path, folder: Path, user: str | None) -> Path:
    data = folder / "data"
    data.mkdir()
    if user is not None:
        shutil.chown(data, user=user)
    command = [
        install,
        "--no-defaults",
        f"--datadir={data}",
        "--auth-root-authentication-method=normal",
        "--skip-name-resolve",
        "--skip-test-db",
        "--innodb-flush-method=nosync",
    ]
    made = subprocess.run(command, capture_output=True, text=True, check=False, user=user, cwd=folder)
    if made.returncode != 0:
        pytest.fail(f"mariadb-install-db failed: {made.stdout[-1000:]}{made.stderr[-1000:]}")
    return data


def _answers(server: MariaDbServer) -> bool:
    try:
        server.connect().close()
    except pymysql.err.OperationalError:
        return False
    return True


@contextlib.contextmanager
def mariadb_server(programs: tuple[Path, Path]) -> Iterator[MariaDbServer]:
    """Runs a server while the block runs; stopped and removed on every way out."""
    user = user_for(OWNER)
    with folder_for(user, "guard-my-") as folder:
        program, install = programs
        data = _initialise(install, folder, user)
        server = MariaDbServer(free_port())
        options = [
            "--no-defaults",  # the machine's own configuration is not the tests'
            f"--datadir={data}",
            f"--socket={folder / 'socket'}",
            f"--pid-file={folder / 'pid'}",
            f"--port={server.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--innodb-buffer-pool-size=16M",
            "--innodb-log-file-size=8M",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-flush-method=nosync",
            "--performance-schema=off",
        ]
        with serving([program, *options], folder, user, lambda: _answers(server)):
            yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDbServer]:
    """A real MariaDB server for the whole run: `.url(database)`, `.create_database() -> name`."""
    programs = find_programs()
    if programs is None:
        server_missing("MariaDB", "apt-get install -y mariadb-server")
    with mariadb_server(programs) as server:
        yield server
