"""The sidecar's log, in a process of its own: JSON lines that hold no arguments and no text of exceptions."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.sidecar.conftest import ROOT

PROGRAM = """
import logging, structlog
from guard.sidecar import logs
logs.configure()
structlog.get_logger("guard.sidecar").error("sidecar.internal_error", route="/v1/query", type="ValueError")
foreign = logging.getLogger("some.library")
foreign.warning("cannot read %s", "canary-1")
foreign.info("below the level: canary-2")
try:
    raise ValueError("canary-3")
except ValueError as error:
    foreign.exception("it failed")
    foreign.error(error)
"""


def test_lines_are_json_without_what_was_filled_in() -> None:
    """A library's message keeps its template, an exception its type; what they were about is gone."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert all(line.pop("timestamp") for line in lines)
    library = {"logger": "some.library"}
    assert lines == [
        {"event": "sidecar.internal_error", "level": "error", "route": "/v1/query", "type": "ValueError"},
        {"event": "cannot read %s", "level": "warning", **library},
        {"event": "it failed", "level": "error", "type": "ValueError", **library},
        {"event": "ValueError", "level": "error", **library},
    ]
    assert "canary" not in done.stderr + done.stdout
