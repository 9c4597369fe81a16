"""A real MariaDB server for the run: a fresh data folder in a temporary place, gone afterwards."""

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

import pymysql
import pytest

from tests.servers.missing import server_missing

OWNER = "mysql"  # the system user when the tests run as root
START_SECONDS = 60.0
STOP_SECONDS = 20.0
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


def _unprivileged_user() -> str | None:
    """Whom to run as: a server should not run as root; None is ourselves."""
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


def _wait_until_ready(server: MariaDbServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(pymysql.err.OperationalError), contextlib.closing(server.connect()):
            return
        time.sleep(0.05)
    pytest.fail(f"MariaDB did not start: {log.read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)


@contextlib.contextmanager
def mariadb_server(programs: tuple[Path, Path]) -> Iterator[MariaDbServer]:
    """Runs a server while the block runs; stopped and removed on every way out."""
    user = _unprivileged_user()
    # The path stays short: a Unix socket's name may have only 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="guard-my-", dir="/tmp"))
    process: subprocess.Popen[bytes] | None = None
    try:
        if user is not None:
            shutil.chown(folder, user=user)
        program, install = programs
        data = _initialise(install, folder, user)
        server = MariaDbServer(_free_port())
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
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program, *options],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                user=user,
                cwd=folder,
                start_new_session=True,  # Ctrl-C at the terminal reaches the tests, which then stop the server
            )
        _wait_until_ready(server, process, log)
        yield server
    finally:
        if process is not None and process.poll() is None:
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDbServer]:
    """A real MariaDB server for the whole run: `.url(database)`, `.create_database() -> name`."""
    programs = find_programs()
    if programs is None:
        server_missing("MariaDB", "apt-get install -y mariadb-server")
    with mariadb_server(programs) as server:
        yield server
