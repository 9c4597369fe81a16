"""Programs in Go that tests run; built once for the run from modules that stand in Go's own cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.servers.missing import server_missing


def build(folder: Path, target: Path) -> Path:
    """The program of a folder with a `go.mod`; skips, or fails where everything must run, without Go or its modules."""
    if shutil.which("go") is None:
        server_missing("Go", "apt-get install -y golang-go")
    environment = os.environ | {"GOPROXY": "off", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": "local"}
    made = subprocess.run(
        ["go", "build", "-o", target, "."], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if made.returncode:
        server_missing(f"a Go module ({made.stderr.strip()[-200:]})", f"(cd {folder.name} && go mod download)")
    return target
