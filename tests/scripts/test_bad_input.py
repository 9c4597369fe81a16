"""Bad input, each with its clear error, through the real program; what is good is not lost."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guard.config import default_rules
from tests.scripts.conftest import Program

ASK = ("--source", "people.csv", "--as", "dr-lin", "--role", "doctor", "--purpose", "treatment")
GOOD = "SELECT phone FROM people"


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """The program in a folder with one scanned file; a test that changes the folder changes it back."""
    people = Program(tmp_path_factory.mktemp("people"))
    rows = "".join(f"p{number},1380013{number:04d},u{number}@example.com\n" for number in range(200))
    (people.folder / "people.csv").write_text("id,phone,email\n" + rows)
    assert people("scan", "people.csv").code == 1
    return people


@pytest.mark.parametrize(
    ("sql", "cause"),
    [
        ("SELEC phone FROM people", "unparsed sql: the statement cannot be parsed at line 1"),
        ("", "unsupported statement: the text holds no statement"),
        ("SELECT phone FROM orders", "unknown table: orders"),
        ("SELECT salary FROM people", "unknown column"),
        ("SELECT 1; DROP TABLE people", "unsupported statement: the text holds 2 statements"),
        ("DELETE FROM people", "unsupported statement"),
    ],
)
def test_sql_that_is_not_judged_is_denied(people, sql, cause):
    """A statement that guard does not understand is denied: exit 1, nothing on stdout."""
    done = people("query", sql, *ASK)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: denied: ")
    assert cause in done.err


def test_denials_are_on_record(people):
    """What was denied is in the log as a decision."""
    assert people("query", "DELETE FROM people", *ASK).code == 1
    last = json.loads(people("audit", "show", "--count", "1000").out.splitlines()[-1])
    assert (last["kind"], last["body"]["outcome"]) == ("decision", "deny")


def test_sql_from_standard_input_and_from_a_file(people):
    """`-` and `@FILE` stand for the text; bytes that are no text are a clear error."""
    whole = people("query", GOOD, *ASK, "--format", "csv")
    assert whole.out.startswith("phone\n13800130000\n")
    assert whole.err == ""
    (people.folder / "q.sql").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert people("query", "-", *ASK, "--format", "csv", stdin=GOOD.encode()).out == whole.out
    assert people("query", "@q.sql", *ASK, "--format", "csv").out == whole.out
    assert people("query", "-", *ASK, stdin=b"\xff\xfe") == (
        2, "", "error: standard input is not UTF-8\n  help: convert it to UTF-8\n",
    )  # fmt: skip


def test_a_rule_pack_that_does_not_compile(people):
    """A broken rule names its file and line, decides nothing, and leaves nothing behind once it is mended."""
    shutil.copytree(default_rules(), people.folder / "rules")
    broken = next((people.folder / "rules/policy/access").glob("*/*_role.rego"))
    whole = broken.read_text()
    broken.write_text(whole + "\ndeny contains {\n")
    config = people.folder / "guard.toml"
    config.write_text('rules = "rules"\n')
    line = len(whole.splitlines()) + 2
    for arguments in (("query", GOOD, *ASK), ("rules", "test"), ("doctor",)):
        done = people(*arguments)
        text = done.out + done.err
        assert done.code == (4 if arguments == ("doctor",) else 2), arguments
        flat = "".join(text.split())
        assert broken.name in flat, text
        assert f"{broken.name}:{line}" in flat or f"line{line}" in flat, text
    config.unlink()
    assert people("query", GOOD, *ASK).code == 0


def test_an_opa_server_that_is_not_there_denies(people):
    """A policy engine that does not answer denies: exit 1, with the address, never an answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (people.folder / "guard.toml").write_text(f'[policy]\nengine = "opa"\nopa_url = "http://127.0.0.1:{port}"\n')
    done = people("query", GOOD, *ASK)
    assert (done.code, done.out) == (1, "")
    assert f"policy unavailable: the OPA server at `http://127.0.0.1:{port}` cannot be reached" in done.err
    doctor = people("doctor")
    assert doctor.code == 4
    assert "policy engine" in doctor.out
    (people.folder / "guard.toml").unlink()
    assert people("query", GOOD, *ASK).code == 0


def test_a_corrupt_file_among_good_ones(guard):
    """A scan labels what it can read, names what it cannot, and exits with 4; the labels are used."""
    lake = guard.folder / "lake"
    lake.mkdir()
    phones = pa.table({"phone": [f"1380013{number:04d}" for number in range(500)]})
    for name in ("good", "rot", "fine"):
        pq.write_table(phones, lake / f"{name}.parquet")
    content = bytearray((lake / "rot.parquet").read_bytes())
    content[4:600] = bytes(596)  # the pages; the footer still reads
    (lake / "rot.parquet").write_bytes(content)
    (lake / "bad.parquet").write_bytes(b"PAR1 this is none PAR1")
    done = guard("scan", "lake", "--format", "json")
    report = json.loads(done.out)
    assert (done.code, report["partial"]) == (4, True)
    assert {(Path(one["dataset"]).name, one["verdict"]) for one in report["fields"]} == {
        ("good.parquet", "sensitive"), ("fine.parquet", "sensitive"),
    }  # fmt: skip
    assert sorted(one["name"].removeprefix("main.") for one in report["skipped"]) == ["bad.parquet", "rot"]
    answer = guard("query", "SELECT phone FROM good LIMIT 1", "--source", "lake", *ASK[2:], "--format", "csv")
    assert answer == (0, "phone\n13800130000\n", "")


def test_nothing_but_corrupt_files(guard):
    """When nothing could be read the scan says so with 3, not 0 and not 4."""
    (guard.folder / "bad.parquet").write_bytes(b"PAR1 this is none PAR1")
    done = guard("scan", "bad.parquet")
    assert (done.code, done.out) == (3, "")
    assert "bad.parquet" in done.err


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        ('statee = "x"\n', {}, "unknown key `statee`"),
        ('[policy]\nengine = "magic"\n', {}, "`policy.engine`"),
        ("[scan]\nsample = -1\n", {}, "`scan.sample`"),
        ("state = [\n", {}, "is not TOML"),
        ('[keys]\nroot = "hunter2-hunter2"\n', {}, "must be a reference to a secret"),
        ('[sources]\ncrm = "postgresql://u:hunter2-hunter2@h/db"\n', {}, "has a password in the configuration"),
        ("", {"GUARD_SCAN__SAMPEL": "5"}, "environment variable `GUARD_SCAN__SAMPEL` names no setting"),
        ('rules = "nowhere"\n', {}, "nowhere"),
    ],
)
def test_config_mistakes(guard, text, environment, message):
    """A mistake in the configuration is exit code 2, names the key, and never shows a secret."""
    (guard.folder / "guard.toml").write_text(text)
    (guard.folder / "people.csv").write_text("id,phone\n1,13800138000\n")
    done = guard("scan", "people.csv", environment=environment)
    assert (done.code, done.out) == (2, ""), done
    assert message in done.err
    assert "hunter2" not in done.err


def test_a_state_folder_that_cannot_be_written(guard):
    """Without a place for the record nothing is looked at, and the error names the folder."""
    (guard.folder / "people.csv").write_text("id,phone\n1,13800138000\n")
    (guard.folder / "taken").write_text("a file, not a folder")
    (guard.folder / "guard.toml").write_text('state = "taken/state"\n')
    done = guard("scan", "people.csv")
    assert (done.code, done.out) == (4, "")
    assert done.err == (
        f"error: state folder `{guard.folder / 'taken/state'}` cannot be used: not a directory\n"
        "  help: make it writable, or name another by `state`\n"
    )
