"""Starting the program is light, and what it prints depends on who reads it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
import threading

import pytest

from tests.scripts.conftest import GUARD

HEAVY = {
    "alembic", "cryptography", "duckdb", "httpx", "openlineage", "polars", "presidio_analyzer", "psycopg", "pyarrow",
    "pydantic_settings", "regopy", "sqlalchemy", "sqlglot", "starlette",
}  # fmt: skip
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7])m")
PROBE = (
    "import json, sys\n"
    "from guard.cli.main import run\n"
    "code = run(sys.argv[1:])\n"
    "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)\n"
)


def on_a_terminal(guard, *arguments: str, environment: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Exit code, and stdout and stderr as a terminal of 100 columns gets them."""
    leader, follower = pty.openpty()
    size = {"COLUMNS": "100", "LINES": "40", "TERM": "xterm-256color"}
    process = subprocess.Popen(
        [GUARD, *arguments], cwd=guard.folder, env={**guard.environment, **size, **(environment or {})},
        stdin=subprocess.DEVNULL, stdout=follower, stderr=follower,
    )  # fmt: skip
    os.close(follower)
    shown = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(leader)
    return process.wait(timeout=60), shown


@pytest.mark.parametrize("arguments", [["--help"], ["scan", "--help"], ["nope"], ["check"]], ids=" ".join)
def test_help_and_mistakes_import_nothing_heavy(guard, arguments):
    """Help, and a mistake in the arguments, need no database, no parser of SQL, no configuration."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], cwd=guard.folder, env=guard.environment, capture_output=True,
        timeout=60, check=True,
    )  # fmt: skip
    loaded = set(json.loads(done.stderr.decode().splitlines()[-1]))
    assert loaded & HEAVY == set()


@pytest.fixture
def evil(guard):
    """The program beside a file whose cells would clear the screen, and its scan."""
    rows = "".join(f"13800138{number:03d},\x1b[2J\x1b]0;title\x07\u202eabc{number}\n" for number in range(100))
    (guard.folder / "evil.csv").write_text("phone,note\n" + rows)
    assert guard("scan", "evil.csv").code in {1, 4}
    return guard


def test_cells_do_not_steer_a_terminal(evil):
    """A terminal gets no escape of the data in any format; a file gets the data as it is."""
    ask = ("query", "SELECT note FROM evil LIMIT 1", "-s", "evil.csv", "--as", "a", "--role", "doctor")
    ask = (*ask, "--purpose", "treatment")
    for name in ("table", "csv", "json", "ndjson"):
        code, shown = on_a_terminal(evil, *ask, "--format", name)
        assert code == 0
        assert b"\x1b" not in shown
        assert b"\x07" not in shown
        assert "\u202e".encode() not in shown
    assert json.loads(evil(*ask, "--format", "ndjson").out) == {"note": "\x1b[2J\x1b]0;title\x07\u202eabc0"}


def test_no_color(guard):
    """With `NO_COLOR` a terminal gets no colour, neither in help nor in a scan; without it help has some."""
    (guard.folder / "people.csv").write_text("phone\n13800138000\n")
    _, coloured = on_a_terminal(guard, "--help")
    _, plain = on_a_terminal(guard, "--help", environment={"NO_COLOR": "1"})
    assert COLOUR.search(coloured)
    assert not COLOUR.search(plain)
    code, shown = on_a_terminal(guard, "scan", "people.csv", environment={"NO_COLOR": "1"})
    assert code == 1
    assert not COLOUR.search(shown)


def drain(terminal, shown):
    """Reads what a program writes to a terminal until it hangs up."""
    with contextlib.suppress(OSError):  # how Linux says so
        while some := os.read(terminal, 65536):
            shown.append(some)


def test_progress_is_not_in_the_answer(guard):
    """The bar goes to stderr when that is a terminal; stdout holds the report alone."""
    (guard.folder / "people.csv").write_text("phone\n13800138000\n")
    leader, follower = pty.openpty()
    process = guard.start("scan", "people.csv", "--format", "json", stdout=subprocess.PIPE, stderr=follower)
    os.close(follower)
    shown: list[bytes] = []
    # A terminal that nobody reads is full after some seconds of the bar, and then the scan waits for ever.
    reader = threading.Thread(target=drain, args=(leader, shown))
    reader.start()
    out, _ = process.communicate(timeout=200)
    reader.join()
    os.close(leader)
    assert process.returncode == 1
    assert json.loads(out)["v"] == 1
    assert b"opening" in b"".join(shown) or b"people" in b"".join(shown)


def test_what_the_engine_logs_is_not_in_the_answer(guard):
    """A lineage sink that cannot be written is told of on stderr; the answer on stdout is whole."""
    (guard.folder / "people.csv").write_text("phone\n" + "".join(f"1380013{row:04d}\n" for row in range(50)))
    (guard.folder / ".guard").mkdir()
    (guard.folder / ".guard" / "openlineage.ndjson").symlink_to("/dev/full")
    done = guard("scan", "people.csv", "--format", "json")
    assert done.code == 1
    assert json.loads(done.out)["v"] == 1
    assert "lineage.not_projected" in done.err
