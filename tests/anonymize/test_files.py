"""File to file: streamed, whole or not at all, and nothing lost on the way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from guard.anonymize import file_formats, journal
from guard.anonymize.files import CsvOptions, Progress, anonymize_file
from guard.anonymize.keys import Keyring
from guard.anonymize.plan import Plan
from guard.errors import GuardError, PlanError, SourceError, TransformError, UsageError
from guard.model import Sensitive
from tests.anonymize.cases import KEYRING

HEAD = "version: 1\npurpose: research\n"
KEEP = Plan.parse(f"{HEAD}default: keep\n")
MASK = Plan.parse(f"{HEAD}fields: {{phone: {{transform: partial, first: 3, last: 4}}}}\ndefault: keep\n")
SEMICOLON = CsvOptions(delimiter=";")

ADULT = """version: 1
purpose: research
fields:
  sex: {transform: keep}
  age: {transform: generalise, hierarchy: HERE_age.csv, level: 2, missing: refuse}
  race: {transform: redact}
  marital-status: {transform: generalise, hierarchy: HERE_marital-status.csv, level: 1, missing: refuse}
  education: {transform: generalise, hierarchy: HERE_education.csv, level: 2, missing: refuse}
  native-country: {transform: pseudonym, domain: country}
  workclass: {transform: truncate, length: 4}
  occupation: {transform: drop}
  salary-class: {transform: keep}
"""


@pytest.mark.shared
@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_the_adult_census_goes_through(shared_data: Path, tmp_path: Path, suffix: str) -> None:
    """30,162 rows with their own hierarchies, into each format, row by row what the hierarchies say."""
    folder = shared_data / "adult"
    (tmp_path / "plan.yaml").write_text(ADULT.replace("HERE", f"{folder}/adult_hierarchy"))
    plan, target, seen = Plan.load(tmp_path / "plan.yaml"), tmp_path / f"out.{suffix}", []
    rows = anonymize_file(folder / "adult.csv", target, plan, KEYRING, csv=SEMICOLON, progress=seen.append)
    assert rows == 30162 == seen[-1].rows
    assert seen[-1] == Progress(30162, 1.0)
    if suffix == "csv":
        result = pa_csv.read_csv(target, parse_options=pa_csv.ParseOptions(delimiter=";"))
    elif suffix == "parquet":
        result = pq.read_table(target)
    else:
        result = pa.Table.from_pylist([json.loads(line) for line in target.read_text().splitlines()])
    before = pa_csv.read_csv(folder / "adult.csv", parse_options=pa_csv.ParseOptions(delimiter=";"))
    ages = dict(line.split(";")[0:3:2] for line in (folder / "adult_hierarchy_age.csv").read_text().split())
    assert result.column("age").to_pylist() == [ages[str(age)] for age in before.column("age").to_pylist()]
    assert result.column("sex").to_pylist() == before.column("sex").to_pylist()
    assert len(set(result.column("native-country").to_pylist())) == len(
        set(before.column("native-country").to_pylist())
    )
    assert "occupation" not in result.column_names
    assert "White" not in target.read_bytes().decode("utf-8", "replace")


def test_csv_keeps_what_it_does_not_change(tmp_path: Path) -> None:
    """Leading zeros, long numbers, quotes, line ends, blanks, nulls and empty texts survive; only the mask differs."""
    text = 'phone,id,note\n13812341234,007,"a ""quoted"", text"\n,12345678901234567890123,"two\nlines"\n"",1.10," x "\n'
    (tmp_path / "in.csv").write_text(text)
    anonymize_file(tmp_path / "in.csv", tmp_path / "out.csv", MASK)
    assert (tmp_path / "out.csv").read_text() == text.replace("13812341234", "138****1234")


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^", "-", "]"])
def test_any_delimiter_comes_back(tmp_path: Path, delimiter: str) -> None:
    """A value that holds the delimiter is quoted, whichever it is."""
    text = f'a{delimiter}b\n"x{delimiter}y"{delimiter}z\n'
    (tmp_path / "in.csv").write_text(text)
    anonymize_file(tmp_path / "in.csv", tmp_path / "out.csv", KEEP, csv=CsvOptions(delimiter=delimiter))
    assert (tmp_path / "out.csv").read_text() == text


def test_one_column_with_empty_rows_keeps_its_rows(tmp_path: Path) -> None:
    """A null alone on a line is written so that the row is still there."""
    pq.write_table(pa.table({"phone": ["13812341234", None, ""]}), tmp_path / "in.parquet")
    anonymize_file(tmp_path / "in.parquet", tmp_path / "out.csv", MASK)
    assert (tmp_path / "out.csv").read_text() == 'phone\n138****1234\n""\n""\n'


def test_gb18030_is_read(tmp_path: Path) -> None:
    """Chinese files of the older kind are read with their encoding; the output is UTF-8."""
    (tmp_path / "in.csv").write_bytes("phone,姓名\n13812341234,张三\n".encode("gb18030"))
    anonymize_file(tmp_path / "in.csv", tmp_path / "out.csv", MASK, csv=CsvOptions(encoding="gb18030"))
    assert (tmp_path / "out.csv").read_text("utf-8") == "phone,姓名\n138****1234,张三\n"


def test_json_lines_keep_types_and_nested_values(tmp_path: Path) -> None:
    """Numbers stay numbers, nested values stay byte for byte, a missing key becomes null, a late key is there."""
    rows = (
        '{"phone":"13812341234","n":1,"f":1.5,"b":true,"deep":{"x":[1,2.50]}}\n\n'
        '{"phone":null,"n":2,"late":"y","deep":"t"}\n'
    )
    (tmp_path / "in.jsonl").write_text(rows)
    assert anonymize_file(tmp_path / "in.jsonl", tmp_path / "out.jsonl", MASK) == 2
    assert (tmp_path / "out.jsonl").read_text() == (
        '{"phone":"138****1234","n":1,"f":1.5,"b":true,"deep":{"x":[1,2.50]},"late":null}\n'
        '{"phone":null,"n":2,"f":null,"b":null,"deep":"t","late":"y"}\n'
    )


def test_a_key_that_appears_late_is_not_let_through(tmp_path: Path) -> None:
    """A field that nobody planned is refused, though it stands only in the last line."""
    (tmp_path / "in.jsonl").write_text('{"phone":"1"}\n' * 5 + '{"phone":"1","id":"secret"}\n')
    plan = Plan.parse(MASK.to_yaml().replace("default: keep", "default: refuse"))
    with pytest.raises(PlanError, match="says nothing about `id`"):
        anonymize_file(tmp_path / "in.jsonl", tmp_path / "out.jsonl", plan)


BAD = {
    "ragged.csv": b"phone,id\n13812341234,canary\n1,canary,3\n",
    "bytes.csv": b"phone,id\ncanary,\xff\xfe\n",
    "empty.csv": b"",
    "torn.parquet": b"PAR1canary",
    "text.parquet": b"canary",
    "torn.jsonl": b'{"phone":"1"}\n{"phone":"canary\n',
    "list.jsonl": b'["canary"]\n',
    "deep.jsonl": b"[" * 100_000,
}


@pytest.mark.parametrize("name", BAD)
def test_a_corrupt_input_leaves_nothing_and_tells_no_value(tmp_path: Path, name: str) -> None:
    """The error names the file, never a cell; no output and no temporary file stays; the input is untouched."""
    source = tmp_path / name
    source.write_bytes(BAD[name])
    with pytest.raises(GuardError) as caught:
        anonymize_file(source, tmp_path / "out.csv", MASK)
    assert "canary" not in f"{caught.value.diagnostics()} {caught.value.__cause__}"
    assert isinstance(caught.value, SourceError)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]
    assert source.read_bytes() == BAD[name]


def test_a_fault_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in a late batch, a refusing audit log and a full disk each leave no output and no temporary file."""
    monkeypatch.setattr(file_formats, "BLOCK_BYTES", 64)
    (tmp_path / "in.csv").write_text("phone,id\n" + "13812341234,x\n" * 50 + "1,2,3\n")

    def refuse(rows: int) -> None:
        raise TransformError(f"no entry for {rows} rows")

    with pytest.raises(SourceError):
        anonymize_file(tmp_path / "in.csv", tmp_path / "out.csv", MASK)
    (tmp_path / "in.csv").write_text("phone,id\n13812341234,x\n")
    with pytest.raises(TransformError, match="no entry for 1 rows"):
        anonymize_file(tmp_path / "in.csv", tmp_path / "out.csv", MASK, before_publish=refuse)
    monkeypatch.setattr("guard.anonymize.journal.os.fsync", _full)
    with pytest.raises(TransformError, match="cannot be written: No space left on device"):
        anonymize_file(tmp_path / "in.csv", tmp_path / "out.csv", MASK)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def _full(handle: int) -> None:
    raise OSError(28, "No space left on device")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """The input, a link to it, and any existing file are refused as output."""
    source = tmp_path / "in.csv"
    source.write_text("phone\n1\n")
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "other.csv").write_text("x")
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere.csv")
    for name in ("in.csv", "link.csv", "other.csv", "dangling.csv"):
        with pytest.raises(UsageError):
            anonymize_file(source, tmp_path / name, MASK)
    for name in ("out.xlsx", "none/out.csv"):
        with pytest.raises(UsageError):
            anonymize_file(source, tmp_path / name, MASK)
    assert source.read_text() == "phone\n1\n"


def test_many_small_batches_are_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output does not depend on how the input is cut."""
    (tmp_path / "in.csv").write_text("phone,id\n" + "".join(f"138{n:08},号{n}\n" for n in range(500)))
    anonymize_file(tmp_path / "in.csv", tmp_path / "whole.csv", MASK)
    monkeypatch.setattr(file_formats, "BLOCK_BYTES", 200)
    shares: list[float] = []
    anonymize_file(tmp_path / "in.csv", tmp_path / "cut.csv", MASK, progress=lambda step: shares.append(step.share))
    assert (tmp_path / "cut.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert len(shares) > 20
    assert shares == sorted(shares)


def test_a_row_longer_than_a_block_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long note in the middle costs larger blocks, and no row is lost, doubled or moved."""
    monkeypatch.setattr(file_formats, "BLOCK_BYTES", 256)
    rows = [f"138{n:08},{'x' * (3000 if n == 60 else 5)}\n" for n in range(100)]
    (tmp_path / "in.csv").write_text("phone,id\n" + "".join(rows))
    assert anonymize_file(tmp_path / "in.csv", tmp_path / "out.csv", KEEP) == 100
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "in.csv").read_bytes()


KILLED = """
import os, signal, sys
from pathlib import Path
from guard.anonymize import file_formats, journal
from guard.anonymize.files import anonymize_file
from guard.anonymize.plan import Plan
from guard.model import Sensitive
from tests.anonymize.cases import KEYRING
file_formats.BLOCK_BYTES, journal.CHECKPOINT_BYTES = 300, 700
folder, suffix, after = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def step(progress):
    if progress.rows >= after:
        os.kill(os.getpid(), signal.SIGKILL)
anonymize_file(folder / "in.csv", folder / f"out.{suffix}", Plan.load(folder / "plan.yaml"), KEYRING, progress=step)
"""


@pytest.mark.parametrize(
    ("suffix", "after"), [("csv", 250), ("jsonl", 120), ("csv", 1), ("parquet", 250), ("parquet", 1)]
)
def test_a_killed_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, after: int) -> None:
    """After kill -9 no output has its name; `resume` ends in the file of an undisturbed run, from the checkpoint on."""
    (tmp_path / "in.csv").write_text("phone,id\n" + "".join(f"138{n:08},号{n}\n" for n in range(500)))
    (tmp_path / "plan.yaml").write_text(f"{HEAD}fields: {{id: {{transform: pseudonym}}}}\ndefault: keep\n")
    target, plan = tmp_path / f"out.{suffix}", Plan.load(tmp_path / "plan.yaml")
    child = subprocess.run([sys.executable, "-c", KILLED, tmp_path, suffix, str(after)], check=False)
    assert child.returncode == -signal.SIGKILL
    assert not target.exists()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [f".out.{suffix}.journal", f".out.{suffix}.part", "in.csv", "plan.yaml"]
    assert all((tmp_path / name).stat().st_mode & 0o777 == 0o600 for name in left[:2])
    monkeypatch.setattr(file_formats, "BLOCK_BYTES", 300)
    seen: list[int] = []
    rows = anonymize_file(
        tmp_path / "in.csv", target, plan, KEYRING, resume=True, progress=lambda step: seen.append(step.rows)
    )
    whole = tmp_path / f"whole.{suffix}"
    anonymize_file(tmp_path / "in.csv", whole, plan, KEYRING)
    assert (rows, target.read_bytes()) == (500, whole.read_bytes())
    assert (seen[0] > 60) == (after > 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", target.name, "plan.yaml", whole.name]


def test_a_run_killed_while_it_encodes_goes_on(tmp_path: Path) -> None:
    """Kill -9 in the middle of the encoding: the rows that are done stay done, and the torn file is replaced."""
    pq.write_table(pa.table({"id": pa.array(["a", "b"] * 300).dictionary_encode()}), tmp_path / "in.parquet")
    (tmp_path / "plan.yaml").write_text(f"{HEAD}fields: {{id: {{transform: keep}}}}\n")
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from guard.anonymize import file_formats, journal, parquet_output\n"
        "from guard.anonymize.files import anonymize_file; from guard.anonymize.plan import Plan\n"
        "file_formats.BATCH_ROWS, journal.CHECKPOINT_BYTES = 100, 100\n"
        "parquet_output.pq.ParquetWriter.write_batch = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "folder = Path(sys.argv[1])\n"
        "anonymize_file(folder / 'in.parquet', folder / 'out.parquet', Plan.load(folder / 'plan.yaml'))\n"
    )
    assert subprocess.run([sys.executable, "-c", program, tmp_path], check=False).returncode == -signal.SIGKILL
    assert (tmp_path / ".out.parquet.whole").exists()
    assert not (tmp_path / "out.parquet").exists()
    steps: list[Progress] = []
    plan = Plan.load(tmp_path / "plan.yaml")
    rows = anonymize_file(tmp_path / "in.parquet", tmp_path / "out.parquet", plan, resume=True, progress=steps.append)
    assert (rows, steps) == (600, [])
    assert pq.read_table(tmp_path / "out.parquet") == pq.read_table(tmp_path / "in.parquet"), "types are kept as well"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet", "out.parquet", "plan.yaml"]


def _stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that Ctrl-C ended behind some checkpoints."""
    monkeypatch.setattr(file_formats, "BLOCK_BYTES", 300)
    monkeypatch.setattr(journal, "CHECKPOINT_BYTES", 700)
    (folder / "in.csv").write_text("phone,id\n" + "".join(f"138{n:08},号{n}\n" for n in range(500)))

    def step(progress: Progress) -> None:
        if progress.rows > 250:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        anonymize_file(folder / "in.csv", folder / "out.csv", MASK, KEYRING, progress=step)


def test_another_run_is_not_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another plan, key, option or input may not go on where a run stopped; what is left stays for the right one."""
    _stopped(tmp_path, monkeypatch)
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    other = Keyring({1: Sensitive(bytes(32))})
    for plan, ring, options in ((KEEP, KEYRING, None), (MASK, other, None), (MASK, KEYRING, SEMICOLON)):
        with pytest.raises(GuardError):
            anonymize_file(source, target, plan, ring, csv=options, resume=True)
    with source.open("a") as file:
        file.write("1,2\n")
    with pytest.raises(UsageError, match="had another input, plan, key or option"):
        anonymize_file(source, target, MASK, KEYRING, resume=True)
    assert (tmp_path / ".out.csv.journal").exists()
    assert anonymize_file(source, target, MASK, KEYRING) == 501, "without resume it begins anew"


@pytest.mark.parametrize("fault", ["torn line", "short part", "longer part"])
def test_a_torn_journal_is_read_up_to_the_tear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """Seeded faults of a crash: half a line, a part that was cut, rows behind the last checkpoint."""
    _stopped(tmp_path, monkeypatch)
    part, lines = tmp_path / ".out.csv.part", tmp_path / ".out.csv.journal"
    if fault == "torn line":
        lines.write_bytes(lines.read_bytes() + b'\n{"rows":400,"wri')
    elif fault == "short part":
        part.write_bytes(part.read_bytes()[:100])
    else:
        part.write_bytes(part.read_bytes() + b"13812341234,half a ro")
    assert anonymize_file(tmp_path / "in.csv", tmp_path / "out.csv", MASK, KEYRING, resume=True) == 500
    anonymize_file(tmp_path / "in.csv", tmp_path / "whole.csv", MASK, KEYRING)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    """A second run for the same output is refused while the first one works, and does not disturb it."""
    (tmp_path / "in.csv").write_text("phone,id\n1,2\n")

    def again(rows: int) -> None:
        with pytest.raises(UsageError, match="another run is writing"):
            anonymize_file(tmp_path / "in.csv", tmp_path / "out.csv", KEEP)

    assert anonymize_file(tmp_path / "in.csv", tmp_path / "out.csv", KEEP, before_publish=again) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


BAD_FIELDS = {
    "a column that does not exist": ("nowhere: {transform: redact}", "the plan names `nowhere`"),
    "a wrong type": ("n: {transform: pseudonym_cmac}", "has no form for the type `int32`"),
    "outside the alphabet": ("id: {transform: ff1}", "the column `id` cannot be changed: a value"),
    "below the floor": ("short: {transform: ff1}", "the column `short` cannot be changed: a value"),
    "no valid number": ("id: {transform: ff1_resident_id}", "a value is not a valid resident ID"),
    "missed by the hierarchy": (
        "id: {transform: generalise, hierarchy: jobs.csv, missing: refuse}",
        "the hierarchy `jobs.csv` does not list 2 of 2 values",
    ),
    "a key version that is not there": ("id: {transform: pseudonym, version: 9}", "version `9` is not in the keyring"),
    "a column beside that does not exist": ("id: {transform: small_groups, beside: [x]}", "the plan names `x`"),
}


@pytest.mark.parametrize("case", BAD_FIELDS)
def test_what_cannot_be_done_leaves_nothing(tmp_path: Path, case: str) -> None:
    """The error names the column or the thing, holds no value, has a cure, and no file is there afterwards."""
    fields, message = BAD_FIELDS[case]
    values = {"id": ["a-canary", "b-canary"], "short": ["123", None], "n": pa.array([1, None], pa.int32())}
    pq.write_table(pa.table(values), tmp_path / "in.parquet")
    plan = Plan.parse(
        f"{HEAD}fields: {{{fields}}}\ndefault: keep\n", read=lambda name: b"Nurse;Health\nTeacher;School\n"
    )
    with pytest.raises(GuardError) as caught:
        anonymize_file(tmp_path / "in.parquet", tmp_path / "out.csv", plan, KEYRING)
    assert message in caught.value.message
    assert caught.value.help
    assert "canary" not in caught.value.diagnostics()
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_nulls_stay_null_in_every_column(tmp_path: Path) -> None:
    """A file of nulls goes through masks, bins, ciphers and dates, and comes out a file of nulls."""
    fields = (
        "a: {transform: partial, first: 1}, b: {transform: noise, width: 5}, c: {transform: ff1},"
        " d: {transform: date_month}, e: {transform: top_code, at: 5}"
    )
    plan = Plan.parse(f"{HEAD}fields: {{{fields}}}\n")
    (tmp_path / "in.csv").write_text("a,b,c,d,e\n,,,,\n,,,,\n")
    assert anonymize_file(tmp_path / "in.csv", tmp_path / "out.csv", plan, KEYRING) == 2
    assert (tmp_path / "out.csv").read_text() == "a,b,c,d,e\n,,,,\n,,,,\n"
