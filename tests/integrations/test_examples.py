"""The programs in `examples/` run as their first lines say."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.servers.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


@contextmanager
def service(folder: Path) -> Iterator[str]:
    """`python examples/service.py PORT`, and its address once it answers."""
    port = free_port()
    command = [sys.executable, str(ROOT / "examples" / "service.py"), str(port)]
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, "the service ended at once"
            try:
                httpx.get(address)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=START_SECONDS)


def test_the_service_shows_each_role_its_own_form(tmp_path: Path) -> None:
    """One role sees the number, another its mask, a stranger nothing; the handlers know nothing of it."""
    with service(tmp_path) as address:
        doctor = httpx.get(f"{address}/residents", headers={"x-user": "dr-lin"})
        clerk = httpx.get(f"{address}/residents", headers={"x-user": "xiao-zhou"})
        stranger = httpx.get(f"{address}/residents")
    assert doctor.json() == [{"xm": "王小明", "phone": "13800001234"}, {"xm": "李芳", "phone": "13911112345"}]
    assert clerk.json() == [{"xm": "王小明", "phone": "138****1234"}, {"xm": "李芳", "phone": "139****2345"}]
    assert stranger.status_code == 401


def test_the_embedded_program_prints_what_the_agent_may_see(tmp_path: Path) -> None:
    """Scan, query, print: the number is masked and the log is verified."""
    command = [sys.executable, str(ROOT / "examples" / "embedded.py")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "xm: person.name_zh, level 3",
        "mobile: cn.mobile, level 3",
        "[{'xm': '王小明', 'mobile': '138****1234'}]",
        "entry 2 of 3 in a verified log",
    ]
