"""A scanned register behind the sidecar: its application in this process, and `guard serve` as a program."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import guard
from guard.model import Sensitive
from guard.sidecar.app import State, build
from guard.sidecar.border import Border

ROOT = Path(__file__).resolve().parents[2]
RUN = "from guard.cli.main import main; main()"  # what the `guard` program does
START_SECONDS = 60
TOKEN = "canary-token-0123456789abcdef"
TABLE = "CREATE TABLE residents (id INTEGER PRIMARY KEY, xm TEXT, phone TEXT, district TEXT, fee NUMERIC)"
PEOPLE = [
    (1, "王小明", "13800001234", "浦东新区", 1.5),
    (2, "李芳", "13911112345", "浦东新区", 2),
    (3, "陈敏雨", "13722223456", "徐汇区", None),
]
CLERK = {"id": "xiao-zhou", "roles": ["call_center"], "attributes": {"districts": ["浦东新区"]}}
DOCTOR = {"id": "dr-lin", "roles": ["doctor"], "attributes": {"districts": ["浦东新区"]}}
PHONES = "SELECT xm, phone FROM residents ORDER BY id"


def ask(sql: str = PHONES, subject: dict[str, Any] = CLERK, purpose: str = "service", **more: Any) -> dict[str, Any]:
    """The body of a question to the register."""
    return {"sql": sql, "subject": subject, "purpose": purpose, "source": "crm", **more}


def make_project(folder: Path, serve: str = "") -> Path:
    """A folder with a database, a scan of it, and a `guard.toml` that names it."""
    connection = sqlite3.connect(folder / "crm.db")
    connection.execute(TABLE)
    connection.executemany("INSERT INTO residents VALUES (?, ?, ?, ?, ?)", PEOPLE)
    connection.commit()
    connection.close()
    (folder / "guard.toml").write_text(f'[sources]\ncrm = "sqlite:///crm.db"\n\n[serve]\nport = 0\n{serve}')
    with guard.open(folder=folder, operator="tests") as opened:
        opened.scan("crm")
    return folder


@dataclass
class Service:
    """The application in this process."""

    client: TestClient
    guard: guard.Guard
    state: State


@contextmanager
def service(folder: Path, *, token: str = "") -> Iterator[Service]:
    state = State()
    border = Border(Sensitive(token.encode()) if token else None)
    with (
        guard.open(folder=folder, operator="sidecar") as opened,
        TestClient(build(opened, border, state), base_url="http://127.0.0.1") as client,
    ):
        yield Service(client, opened, state)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Without a token, as on loopback."""
    with service(make_project(tmp_path_factory.mktemp("local"))) as running:
        yield running


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """With a token."""
    with service(make_project(tmp_path_factory.mktemp("secured")), token=TOKEN) as running:
        yield running


@dataclass
class Program:
    """A running `guard serve`; `lines` grows with what it writes to stderr."""

    process: subprocess.Popen[str]
    address: str = ""
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def stderr(self) -> str:
        """What it wrote by now."""
        return "".join(self.lines)

    def stop(self, sig: int = signal.SIGTERM) -> int:
        """Tells it to stop and gives its exit code."""
        self.process.send_signal(sig)
        code = self.process.wait(START_SECONDS)
        self._reader.join()
        return code

    def kill(self) -> None:
        """Ends it whatever it does."""
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self.lines.append(line)
                if '"sidecar.serving"' in line:
                    self.address = json.loads(line)["address"]


def start(folder: Path, *options: str, **environment: str) -> Program:
    """Runs `guard serve` in `folder` until it says where it serves."""
    command = [sys.executable, "-c", RUN, "serve", "--config", str(folder / "guard.toml"), *options]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    program = Program(process)
    deadline = time.monotonic() + START_SECONDS
    while not program.address and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert program.address, program.stderr
    return program


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    """What is appended is killed when the test is over."""
    started: list[Program] = []
    yield started
    for program in started:
        program.kill()
