"""The real `guard` program as a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

GUARD = Path(sys.executable).with_name("guard")
SECONDS = 120  # one command at most


class Done(NamedTuple):
    """What a process left."""

    code: int
    out: str
    err: str


class Program:
    """`guard` as a user starts it, from `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GUARD_")}
        self.environment = {**kept, "PATH": f"{GUARD.parent}{os.pathsep}{os.environ['PATH']}"}

    def __call__(self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> Done:
        """Runs one command to its end."""
        done = subprocess.run(
            [GUARD, *arguments],
            cwd=self.folder,
            env={**self.environment, **(environment or {})},
            input=stdin,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in err, err
        return Done(done.returncode, out, err)

    def start(self, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
        """Starts a command and does not wait for it."""
        return subprocess.Popen([GUARD, *arguments], cwd=self.folder, env=self.environment, **options)  # type: ignore[call-overload] # Popen's own keywords


@pytest.fixture
def guard(tmp_path: Path) -> Program:
    """The program in an empty folder."""
    return Program(tmp_path)
