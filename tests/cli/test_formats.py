"""A scan report in each format: it parses, it says the same, and names from the data cannot break it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import msgspec
import pyarrow as pa
import pytest

from guard.cli.answers import RENDER, as_table, unique_names
from guard.cli.commands.scan import exit_code
from guard.cli.formats import render_scan, scan_formats
from guard.model import Contradiction, Dataset, Evidence, FieldLabel, FieldRef, Label, ScanReport, SkippedTable, State

SCHEMA = json.loads((Path(__file__).parents[1] / "cases/cli/sarif-2.1.0-rtm.5.schema.json").read_text("utf-8"))
EVIL = "x\x1b]0;y\x07|<b>`[a](http://h)\n\u202ez\x00\ufffe"


def field(name: str, verdict: str, *, table: str = "main.people", label: Label | None = None) -> FieldLabel:
    """A field of a report."""
    return FieldLabel(
        field=FieldRef(Dataset("duckdb:///crm.db", table), name),
        verdict=verdict,  # type: ignore[arg-type] # one of the three
        label=label,
        score=0.9876543 if label else 0.0,
        evidence=(Evidence("name", f"name token {name}", 5.0),),
        looked_at=0 if verdict == "not_scanned" else 100,
        reason="no values were read" if verdict == "not_scanned" else "",
        upper_bound=0.0295,
    )


def report(*fields: FieldLabel, skipped: tuple[SkippedTable, ...] = ()) -> ScanReport:
    """A report with an exact time."""
    return ScanReport(
        id="00ff", source="duckdb:///crm.db", fields=fields, tables=("main.people",), skipped=skipped,
        rows=(("main.people", 100),), sample=1000, rules_version="r1", started="2026-01-02T03:04:05.000006Z",
        seconds=1.23456,
    )  # fmt: skip


WHOLE = report(
    field("phone", "sensitive", label=Label("cn.mobile", 3)),
    field("diagnosis", "sensitive", label=Label("health.diagnosis", 4)),
    field("note", "not_scanned"),
    field("n", "clean"),
    skipped=(SkippedTable("main.broken", "not readable"),),
)
AGAINST = msgspec.structs.replace(
    WHOLE,
    contradictions=(
        Contradiction(WHOLE.fields[0].field, "cn.mobile", State.PSEUDONYMISED, State.RAW, "look at `hash.unkeyed`"),
        Contradiction(WHOLE.fields[3].field, "intl.email", State.RAW, None, "scan again with a larger sample"),
    ),
)
EVIL_REPORT = report(
    field(EVIL, "sensitive", table=EVIL, label=Label("cn.mobile", 3)),
    field(EVIL, "not_scanned", table=EVIL),
    skipped=(SkippedTable(EVIL, EVIL),),
)


@pytest.mark.parametrize("whole", [WHOLE, EVIL_REPORT, report(), AGAINST], ids=["whole", "evil", "empty", "against"])
def test_sarif_follows_the_standard(whole):
    """SARIF holds to the whole schema of the standard, and each result points to its own rule."""
    document = json.loads(render_scan(whole, "sarif", str.upper))
    jsonschema.validate(document, SCHEMA, format_checker=jsonschema.FormatChecker())
    (run,) = document["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    texts = [notice["message"]["text"] for notice in run["invocations"][0]["toolExecutionNotifications"]]
    assert len(texts) == sum(one.verdict == "not_scanned" for one in whole.fields) + len(whole.skipped)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("level", "high"),
        ("kind", "finding"),
        ("baselineState", "old"),
        ("suppressions", [{"kind": "outside"}]),
        ("rank", 101),
        ("owner", "li"),
    ],
)
def test_sarif_schema_catches_a_fault(name, value):
    """The schema is not so wide that anything passes."""
    document = json.loads(render_scan(WHOLE, "sarif", str))
    document["runs"][0]["results"][0][name] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


def test_sarif_points_at_files(tmp_path, monkeypatch):
    """A field of a file has the file as its physical location, relative to the checkout, and its address is one."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a b.csv"
    one = field("phone", "sensitive", label=Label("cn.mobile", 3))
    one = FieldLabel(FieldRef(Dataset("file", str(path)), "phone"), "sensitive", one.label)
    document = json.loads(render_scan(report(one), "sarif", str))
    jsonschema.validate(document, SCHEMA)
    (location,) = document["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"] == {"artifactLocation": {"uri": "a%20b.csv"}}


def test_sarif_fingerprints_stay(monkeypatch):
    """The fingerprint of a finding does not depend on the run or on the score."""
    first = json.loads(render_scan(WHOLE, "sarif", str))["runs"][0]["results"]
    other = report(field("phone", "sensitive", label=Label("cn.mobile", 3)))
    again = json.loads(render_scan(other, "sarif", str))["runs"][0]["results"]
    assert again[0]["partialFingerprints"] == first[0]["partialFingerprints"]
    assert len({result["partialFingerprints"]["guard/v1"] for result in first}) == 2


def test_junit():
    """Sensitive fields fail, unread fields are skipped, unread tables are errors, and the counts are right."""
    suite = ET.fromstring(render_scan(WHOLE, "junit", str.upper)).find("testsuite")
    assert suite is not None
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time")}
    assert counts == {"tests": "5", "failures": "2", "errors": "1", "skipped": "1", "time": "1.235"}
    found = {case.get("name"): [child.tag for child in case] for case in suite}
    assert found == {
        "phone": ["failure"], "diagnosis": ["failure"], "note": ["skipped"], "n": [], "(table)": ["error"],
    }  # fmt: skip


def test_json():
    """The document has its version, the totals, and what was not looked at with the reason."""
    document = json.loads(render_scan(WHOLE, "json", str.upper))
    assert document["v"] == 1
    assert document["partial"] is True
    assert document["totals"] == {"tables": 1, "fields": 3, "sensitive": 2, "unread": 1, "skipped": 1}
    assert document["fields"][0] == {
        "namespace": "duckdb:///crm.db", "dataset": "main.people", "field": "phone", "type": "",
        "verdict": "sensitive", "looked_at": 100, "nulls": 0, "distinct": 0, "kind": "cn.mobile",
        "kind_name": "CN.MOBILE", "level": 3, "state": "raw", "score": 0.9877, "others": [],
        "evidence": [{"source": "name", "detail": "name token phone", "weight": 5.0}],
    }  # fmt: skip
    assert document["fields"][2]["reason"] == "no values were read"
    assert document["fields"][3]["upper_bound"] == 0.0295
    assert document["skipped"] == [{"name": "main.broken", "reason": "not readable"}]


def test_ndjson():
    """One object a line; the last one is the summary."""
    lines = [json.loads(line) for line in render_scan(WHOLE, "ndjson", str).splitlines()]
    assert [line["record"] for line in lines] == ["field"] * 4 + ["skipped", "summary"]
    assert lines[-1]["totals"]["unread"] == 1


@pytest.mark.parametrize("name", scan_formats())
def test_not_looked_at_is_in_every_format(name):
    """No format leaves out the field and the table that were not looked at."""
    text = render_scan(WHOLE, name, str).replace("\\", "")
    assert "no values were read" in text
    assert "main.broken" in text
    assert "not readable" in text


@pytest.mark.parametrize("name", ["table", "markdown", "junit"])
def test_evil_names_do_not_steer(name):
    """Names with escapes, markup and turned writing direction come out as plain text."""
    text = render_scan(EVIL_REPORT, name, str)
    assert not {"\x1b", "\x07", "\u202e", "\x00"} & set(text)
    assert "[a](http" not in text if name == "markdown" else True
    if name == "junit":
        ET.fromstring(text)


EXITS = [
    (report(field("n", "clean")), 1, False, 0),
    (report(field("p", "sensitive", label=Label("k", 3))), 1, False, 1),
    (report(field("p", "sensitive", label=Label("k", 3))), 4, False, 0),
    (report(field("p", "sensitive", label=Label("k", 3))), 3, False, 1),
    (report(field("p", "sensitive", label=Label("k", 3))), 1, True, 0),
    (WHOLE, 1, False, 4),
    (WHOLE, 1, True, 4),
    (report(), 1, False, 3),
    (report(field("n", "not_scanned")), 1, True, 3),
]


@pytest.mark.parametrize(("whole", "fail_level", "is_sarif", "code"), EXITS)
def test_exit_codes(whole, fail_level, is_sarif, code):
    """0 clean, 1 findings, 3 nothing looked at, 4 partial; partial outranks findings, SARIF carries them itself."""
    assert exit_code(whole, fail_level=fail_level, is_sarif=is_sarif) == code


ROWS = pa.table(
    {
        "text": ["a,b", None, "1\x1b[2J"],
        "number": [1.5, float("nan"), float("inf")],
        "exact": pa.array([Decimal("1.10"), None, Decimal("0.00")]),
        "bytes": [b"\x00\xff", b"", None],
        "day": [dt.date(2020, 1, 2), None, None],
        "many": [[1, 2], [], None],
    }
)


def test_answers_are_parsable():
    """json, ndjson and csv hold every row, exactly, whatever the cells are."""
    rows = [
        {"text": "a,b", "number": 1.5, "exact": "1.10", "bytes": "AP8=", "day": "2020-01-02", "many": [1, 2]},
        {"text": None, "number": "nan", "exact": None, "bytes": "", "day": None, "many": []},
        {"text": "1\x1b[2J", "number": "inf", "exact": "0.00", "bytes": None, "day": None, "many": None},
    ]
    assert json.loads("".join(RENDER["json"](ROWS))) == {"v": 1, "rows": rows}
    assert [json.loads(line) for line in "".join(RENDER["ndjson"](ROWS)).splitlines()] == rows
    assert list(csv.reader(io.StringIO("".join(RENDER["csv"](ROWS))))) == [
        ["text", "number", "exact", "bytes", "day", "many"],
        ["a,b", "1.5", "1.10", "AP8=", "2020-01-02", "[1, 2]"],
        ["", "nan", "", "", "", "[]"],
        ["1\x1b[2J", "inf", "0.00", "", "", ""],
    ]


@pytest.mark.parametrize("name", sorted(RENDER))
def test_an_answer_without_rows(name):
    """No rows is a whole answer in each format."""
    text = "".join(RENDER[name](pa.table({"a": pa.array([], pa.string())})))
    assert {"csv": "a\n", "ndjson": "", "json": '{"v": 1, "rows": []}\n'}[name] == text


def test_names_that_stand_twice():
    """No field of an object overwrites another, not even one that is called like the new name."""
    assert unique_names(["a", "a", "a_2", "b", "a"]) == ["a", "a_3", "a_2", "b", "a_4"]


def test_cells_do_not_steer_the_terminal():
    """A cell with escapes and a new line stays one line of plain text."""
    text = as_table(pa.table({"x": ["\x1b[31mred\nnext\u202e", "全角\u3000空格"]}))
    assert "\x1b" not in text
    assert "\ufffd[31mred␤next\ufffd" in text
    assert "全角\u3000空格" in text


def test_a_wide_table_stands_as_records():
    """Columns that would be a letter wide stand below each other, and nothing is cut away."""
    table = pa.table({f"column_{number}": [f"value {number}"] * 2 for number in range(40)})
    text = as_table(table)
    assert text.count("── row ") == 2
    assert all(text.count(f"column_{number} ") == 2 for number in range(40))
    assert max(map(len, text.splitlines())) < 120


def test_a_long_table_says_what_it_leaves_out():
    """Rows beyond the hundredth are counted, and a long cell says how long it is."""
    text = as_table(pa.table({"x": ["y" * 5000] + ["z"] * 149}))
    assert text.endswith("150 rows, 50 not shown (use --format csv)\n")
    assert "(5000 characters)" in text


@pytest.mark.parametrize("name", ["table", "json", "ndjson", "sarif", "junit", "markdown"])
def test_contradictions_with_the_lineage_are_findings_in_every_format(name):
    """Field, kind, what the lineage says, what the scan saw, and the cure; and nothing of it where there is none."""
    text = render_scan(AGAINST, name, str.upper).replace("\\", "")
    for part in ("phone", "cn.mobile", "pseudonymised", "look at `hash.unkeyed`", "intl.email", "scan again"):
        assert part in text
    assert "pseudonymised" not in render_scan(WHOLE, name, str.upper)


def test_contradictions_as_json():
    """`seen` is null where the scan found nothing."""
    found = json.loads(render_scan(AGAINST, "json", str.upper))["contradictions"]
    assert [(one["field"], one["told"], one["seen"]) for one in found] == [
        ("phone", "pseudonymised", "raw"),
        ("n", "raw", None),
    ]
    suite = ET.fromstring(render_scan(AGAINST, "junit", str.upper)).find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), len(suite)) == ("7", "4", 7)


def test_a_contradiction_alone_is_a_finding_to_the_exit_code():
    """A scan that finds nothing of a level to fail for still fails where it contradicts the lineage; SARIF keeps 0."""
    clean = report(field("n", "clean"))
    assert exit_code(clean, fail_level=1) == 0
    against = msgspec.structs.replace(clean, contradictions=AGAINST.contradictions[1:])
    assert exit_code(against, fail_level=6) == 1
    assert exit_code(against, fail_level=6, is_sarif=True) == 0
