"""A full disk, a kill in the middle, a second process: no answer without its record, and nothing recorded is lost."""

from __future__ import annotations

import json
import resource
import signal
import sqlite3
import subprocess
import time

import pytest

import guard
from tests.scripts.conftest import GUARD

ASK = ("--source", "sqlite:///many.db", "--as", "dr-lin", "--role", "doctor", "--purpose", "treatment")
TABLES = 150


@pytest.fixture
def many(guard):
    """The program beside a database of many small tables."""
    with sqlite3.connect(guard.folder / "many.db") as connection:
        for number in range(TABLES):
            connection.execute(f"CREATE TABLE t{number:03d} (phone TEXT, email TEXT)")
            rows = [(f"1380013{row:04d}", f"u{row}@example.com") for row in range(200)]
            connection.executemany(f"INSERT INTO t{number:03d} VALUES (?, ?)", rows)
    connection.close()
    return guard


def finished(guard) -> int:
    """How many tables of the newest scan are acknowledged in the store."""
    state = guard.folder / ".guard" / "guard.db"
    if not state.exists():
        return 0
    connection = sqlite3.connect(f"file:{state}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM scan_table").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0
    finally:
        connection.close()


def test_kill_in_the_middle_of_a_scan(many):
    """After kill -9 the finished tables keep their labels, the log verifies, and the next scan goes on from there."""
    process = many.start("scan", "sqlite:///many.db")
    deadline = time.monotonic() + 60
    while finished(many) < 5 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    kept = finished(many)
    assert 5 <= kept < TABLES
    assert many("audit", "verify").code == 0
    assert many("query", "SELECT phone FROM t000 LIMIT 1", *ASK, "--format", "csv").out == "phone\n13800130000\n"
    assert many("query", f"SELECT phone FROM t{TABLES - 1}", *ASK).code == 1
    done = many("scan", "sqlite:///many.db", "--format", "json")
    report = json.loads(done.out)
    assert (done.code, len(report["tables"]), len(report["fields"])) == (1, TABLES, 2 * TABLES)
    assert finished(many) == TABLES  # of one scan: the second was the first, resumed
    entries = [json.loads(line) for line in many("audit", "show").out.splitlines()]
    scans = [(one["body"]["scan"], one["body"]["state"]) for one in entries if one["kind"] == "scan"]
    assert scans == [(report["id"], "begun"), (report["id"], "begun"), (report["id"], "done")]
    assert many("audit", "verify").code == 0


def query_on_a_full_disk(many, size: int) -> tuple[int, bytes, bytes]:
    """A query for which no file may grow beyond `size` bytes."""

    def full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    process = many.start("query", "SELECT phone FROM t000", *ASK, stdout=-1, stderr=-1, preexec_fn=full)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_a_full_disk_under_the_log(many):
    """When the record cannot be written there is no answer, the error names the log, and it verifies afterwards."""
    assert many("scan", "sqlite:///many.db", "--table", "t00*").code == 1
    assert many("query", "SELECT phone FROM t000", *ASK).code == 0  # all but the log is warm
    # The journal is made the largest of all files, so that it alone meets the limit.
    with guard.open(folder=many.folder) as g:
        for number in range(20):
            g.record("config", {"padding": f"{number}" + "x" * 50_000})
    files = {path: path.stat().st_size for path in (many.folder / ".guard").rglob("*") if path.is_file()}
    journal = max(files, key=lambda path: files[path])
    assert journal.parent.name == "journal"
    code, out, err = query_on_a_full_disk(many, files[journal])
    assert (code, out) == (4, b"")
    assert err.startswith(b"error: ")
    assert b"audit log" in err
    assert b"Traceback" not in err
    assert b"internal error" not in err
    assert b"13800130000" not in err
    assert many("audit", "verify").code == 0
    assert many("query", "SELECT phone FROM t000 LIMIT 1", *ASK, "--format", "csv").out == "phone\n13800130000\n"
    assert many("audit", "verify").code == 0


def test_a_full_disk_under_the_store(many):
    """The same when guard's own state cannot be written: no answer, and the error names the store."""
    assert many("scan", "sqlite:///many.db", "--table", "t00*").code == 1
    code, out, err = query_on_a_full_disk(many, 2000)
    assert (code, out) == (4, b"")
    assert err.startswith(b"error: the store ")
    assert many("audit", "verify").code == 0


def test_a_second_process_on_the_same_state(many):
    """While one guard holds the log, a second says who holds it and answers nothing; readers go on."""
    assert many("scan", "sqlite:///many.db", "--table", "t000").code == 1
    script = (
        "import guard, os, sys\n"
        "with guard.open() as g:\n"
        "    g.parts.log\n"
        "    print(os.getpid(), flush=True)\n"
        "    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [GUARD.with_name("python"), "-c", script], cwd=many.folder, env=many.environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    pid = int(holder.stdout.readline())
    try:
        refused = many("query", "SELECT phone FROM t000", *ASK)
        assert (refused.code, refused.out) == (4, "")
        assert f"is open for writing in process {pid}" in refused.err
        for reading in (("audit", "verify"), ("audit", "prove", "0"), ("audit", "show"), ("doctor",), ("audit", "key")):
            assert many(*reading).code == 0, reading
        assert many("lineage", "t000.phone").code == 0
    finally:
        holder.communicate(timeout=60)
    assert many("query", "SELECT phone FROM t000", *ASK).code == 0


def test_two_queries_at_once(many):
    """Of two commands at once each answers, or says that the other holds the log; the log verifies."""
    assert many("scan", "sqlite:///many.db", "--table", "t000").code == 1
    both = [many.start("query", "SELECT phone FROM t000", *ASK, stdout=-1, stderr=-1) for _ in range(2)]
    done = [(process.communicate(timeout=60), process.returncode) for process in both]
    answered = 0
    for (out, err), code in done:
        if code == 0:
            answered += 1
            assert b"13800130000" in out
        else:
            assert (code, out) == (4, b"")
            assert b"is open for writing in process" in err
    assert answered >= 1
    assert many("audit", "verify").code == 0


def test_a_reader_that_has_enough(many):
    """A pipe that closes early is no traceback and no other error text."""
    assert many("scan", "sqlite:///many.db", "--table", "t000").code == 1
    sql = "SELECT a.phone FROM t000 a, t000 b"
    process = many.start("query", sql, *ASK, "--format", "csv", stdout=-1, stderr=-1)
    assert process.stdout is not None
    assert process.stdout.readline() == b"phone\n"
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) in {0, 4}
    assert err == b""


def test_an_answer_that_cannot_be_written(guard):
    """A full disk under stdout is exit code 4 and a clear error, for answers and for help."""
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        for arguments in (("classify", "hello"), ("--help",)):
            process = guard.start(*arguments, stdout=full, stderr=-1)
            _, err = process.communicate(timeout=60)
            assert process.returncode == 4
            assert b"no space left on device" in err
            assert b"Traceback" not in err
