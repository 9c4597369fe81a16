"""The main job through `Guard`: scan, decide, enforce, record, trace."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date

import pytest

from guard.demo.data import resident_id
from guard.engine import open_guard
from guard.errors import AccessDeniedError, AuditError, NothingScannedError, SourceError, UsageError
from guard.model import Subject
from tests.engine.conftest import CANARY, World, phone

CLERK = Subject("clerk-1", ("call_center",), {"districts": ("浦东新区",)})


def test_a_scan_labels_what_is_sensitive(world: World) -> None:
    """Each sensitive column has its kind; the key does not."""
    labels = {
        label.field.path: label
        for label in world.guard.catalogue(world.source)
        if "residents" in label.field.dataset.name
    }
    assert {name: label.label.kind for name, label in labels.items() if label.label} == {
        "xm": "person.name_zh",
        "sfzh": "cn.resident_id",
        "phone": "cn.mobile",
        "card_no": "cn.bank_card",
    }
    assert labels["id"].verdict == "clean"


def test_the_same_question_is_answered_by_role(world: World) -> None:
    """A call centre sees masks, a doctor of the district sees the values, nobody sees the other district."""
    sql = "SELECT id, phone FROM residents WHERE id < 4 ORDER BY id"
    clerk = world.ask(sql).table.to_pylist()
    doctor = world.ask(sql, "doctor", "treatment").table.to_pylist()
    assert doctor == [{"id": 0, "phone": phone(0)}, {"id": 2, "phone": phone(2)}]
    assert clerk == [{"id": row["id"], "phone": f"{row['phone'][:3]}****{row['phone'][-4:]}"} for row in doctor]


def test_a_subject_without_the_attribute_sees_no_rows(world: World) -> None:
    """Missing entitlements mean nothing, not everything."""
    subject = Subject("clerk-2", ("call_center",))
    answer = world.guard.query("SELECT id FROM residents", subject=subject, purpose="service", source=world.source)
    assert answer.table.num_rows == 0


def test_a_denial_names_rule_and_cure_and_is_on_record(world: World) -> None:
    """The error leads to the decision in the log."""
    with pytest.raises(AccessDeniedError) as caught:
        world.ask("SELECT xm FROM residents", "analyst", "statistics")
    entries = [entry for _, entry in world.guard.audit.entries() if entry.kind == "decision"]
    assert "output.statistics_only" in caught.value.message or caught.value.decision is not None
    assert caught.value.help
    assert entries[-1].body["decision"] == caught.value.decision_id
    assert entries[-1].body["outcome"] == "deny"


@pytest.mark.parametrize(
    ("sql", "gap"),
    [
        ("SELEC 1", "unparsed_sql"),
        ("SELECT 1; SELECT 2", "unsupported_statement"),
        ("SELECT * FROM nowhere", "unknown_table"),
        ("SELECT nothing FROM residents", "unknown_column"),
        ("DROP TABLE residents", "unsupported_statement"),
        ("SELECT load_extension('x')", "unreviewed_function"),
    ],
)
def test_what_guard_does_not_know_is_denied(world: World, sql: str, gap: str) -> None:
    """Every such denial says what would close the gap, and holds no literal."""
    decision = world.guard.check(sql, subject=CLERK, purpose="service", source=world.source)
    assert not decision.allowed
    assert gap in {found.code for found in decision.gaps}
    assert all(found.help for found in decision.gaps)


def test_unknown_purpose_and_role_are_denied(world: World) -> None:
    """A purpose or role that the pack does not know opens nothing."""
    for subject, purpose in ((CLERK, "curiosity"), (Subject("x", ("wizard",)), "service")):
        decision = world.guard.check("SELECT id FROM residents", subject=subject, purpose=purpose, source=world.source)
        assert not decision.allowed


def test_an_unscanned_source_is_denied_until_it_is_scanned(world: World) -> None:
    """Not looked at is not clean."""
    path = world.folder / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER, note TEXT)")
        connection.execute("INSERT INTO notes VALUES (1, 'x')")
        connection.commit()
    source = f"sqlite:///{path}"
    for sql in ("SELECT id FROM notes", "SELECT count(*) FROM notes", "SELECT EXISTS (SELECT 1 FROM notes)"):
        decision = world.guard.check(sql, subject=CLERK, purpose="service", source=source)
        assert {gap.code for gap in decision.gaps} == {"unclassified_column"}
    world.guard.scan(source)
    for sql in ("SELECT id FROM notes", "SELECT count(*) FROM notes", "SELECT EXISTS (SELECT 1 FROM notes)"):
        assert world.guard.check(sql, subject=CLERK, purpose="service", source=source).allowed


def test_a_swapped_table_loses_its_labels(world: World) -> None:
    """A table renamed or replaced behind guard's back is unclassified until it is scanned again."""
    assert world.ask("SELECT id FROM calls").table.num_rows == 20
    with closing(sqlite3.connect(world.folder / "crm.db")) as connection:
        connection.execute("ALTER TABLE calls RENAME TO old_calls")
        connection.execute("CREATE TABLE calls AS SELECT id, card_no AS phone, district, 1 AS minutes FROM residents")
        connection.commit()
    with pytest.raises(AccessDeniedError):
        world.ask("SELECT phone FROM calls")


def test_parameters_are_bound(world: World) -> None:
    """A value given by name never becomes part of the SQL."""
    subject = Subject("dr", ("doctor",), {"districts": ("浦东新区",)})
    answer = world.guard.query(
        "SELECT id FROM residents WHERE phone = :phone",
        subject=subject,
        purpose="treatment",
        source=world.source,
        parameters={"phone": phone(2)},
    )
    assert answer.table.to_pylist() == [{"id": 2}]
    with pytest.raises(UsageError, match="reserved"):
        world.guard.query(
            "SELECT 1", subject=subject, purpose="treatment", source=world.source, parameters={"guard_0": 1}
        )


def test_every_answer_has_its_entry_and_its_lineage(world: World) -> None:
    """The entry is durable when the answer is there; edges and jobs follow."""
    answer = world.ask("SELECT phone AS number FROM residents WHERE district = '浦东新区'")
    entry = dict(world.guard.audit.entries())[answer.entry]
    assert entry.kind == "query"
    assert entry.body["decision"] == answer.decision.id
    assert "浦东新区" not in str(entry.body)
    world.guard.flush()
    (phone,) = world.guard.lineage.find("residents.phone")
    (job,) = (job for job in world.guard.lineage.jobs(phone) if job.kind == "query")
    assert (job.subject, job.purpose, job.entry) == ("call_center-1", "service", answer.entry)
    shown = world.guard.lineage.show("residents.phone", depth=1, direction="down", output_format="tree")
    assert "number" in shown
    assert "masked" in shown
    assert world.guard.audit.verify().ok


def test_lineage_of_a_killed_process_is_caught_up(world: World) -> None:
    """What the log holds and the store does not is projected at the next start."""
    answer = world.ask("SELECT xm FROM residents")
    world.guard.flush()
    with world.guard.store.write() as connection:
        connection.exec_driver_sql("DELETE FROM job")
        connection.exec_driver_sql("UPDATE projection SET position = 0")
    world.guard.close()
    with open_guard(folder=world.folder) as again:
        again.scan(world.source)
        again.flush()
        (field,) = again.lineage.find("residents.xm")
        assert answer.entry in {job.entry for job in again.lineage.jobs(field)}


def test_no_record_no_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the log cannot be made durable, the answer does not leave."""
    sql = "SELECT id FROM residents"
    world.ask(sql)
    log = world.guard.parts.log

    def refuse(_entry: object) -> object:
        raise AuditError("the disk is full")

    monkeypatch.setattr(log, "begin_soon", refuse)
    with pytest.raises(AuditError):
        world.ask(sql)


@pytest.mark.parametrize("calls", [0, 1, 2])
@pytest.mark.parametrize("fails", [False, True])
def test_an_ask_is_on_record_once_whatever_the_source_does(
    world: World, monkeypatch: pytest.MonkeyPatch, calls: int, fails: bool
) -> None:
    """A source may begin the record never, once or on each of its attempts, and fail or not: one entry, durable."""
    sql = "SELECT id FROM residents"
    world.ask(sql)
    log, source = world.guard.parts.log, world.guard._desk.opened(world.source).source
    before, run, sizes = log.size, source.run, []

    def other(query, *, limits, meanwhile):
        for _ in range(calls):
            meanwhile()
        if fails:
            raise SourceError("it is gone")
        return run(query, limits=limits)

    monkeypatch.setattr(source, "run", other)
    if fails:
        with pytest.raises(SourceError, match="it is gone"):
            world.ask(sql)
    else:
        answer = world.ask(sql)
        sizes = [answer.entry]
    assert (log.size, sizes) == (before + 1, [] if fails else [before])


def test_the_wrong_dialect_is_refused(world: World) -> None:
    """SQL is read in the source's own dialect; another would change its meaning."""
    with pytest.raises(UsageError, match="dialect"):
        world.guard.check("SELECT 1", subject=CLERK, purpose="service", source=world.source, dialect="postgres")


def test_nothing_to_scan_is_not_clean(world: World) -> None:
    """A glob that matches nothing is an error of its own."""
    with pytest.raises(NothingScannedError):
        world.guard.scan(world.source, ["nothing*"])
    with pytest.raises(SourceError):
        world.guard.scan(f"sqlite:///{world.folder / 'absent.db'}")


def test_frames_are_sources_too(world: World) -> None:
    """An Arrow, polars or pandas table is scanned and queried like a database."""
    import pandas as pd
    import polars as pl

    rows = {"sfzh": [resident_id("310115", date(1980, 1, day), day) for day in range(1, 31)], "n": list(range(30))}
    subject = Subject("dr", ("doctor",))
    for frame in (pl.DataFrame(rows), pd.DataFrame(rows)):
        report = world.guard.scan(frame)
        assert [label.field.path for label in report.sensitive] == ["sfzh"]
        (table,) = report.tables
        answer = world.guard.query(
            f"SELECT count(*) AS n FROM {table}", subject=subject, purpose="treatment", source=frame
        )
        assert answer.table.to_pylist() == [{"n": 30}]


def test_the_canary_is_where_it_was_planted(world: World) -> None:
    """The canary tests would prove nothing if the canary were not in the data."""
    rows = world.ask("SELECT xm FROM residents", "doctor", "treatment", districts=("徐汇区",)).table.to_pylist()
    assert {"xm": CANARY} in rows


def test_a_scan_leaves_an_event_with_its_tables_and_labels(world: World) -> None:
    """OpenLineage consumers learn which datasets were looked at, and the labels as tags."""
    world.guard.flush()
    events = [json.loads(line) for line in (world.folder / ".guard" / "openlineage.ndjson").read_text().splitlines()]
    (scan,) = [event for event in events if event["job"]["facets"]["jobType"]["jobType"] == "SCAN"]
    residents = next(each for each in scan["inputs"] if each["name"].endswith("residents"))
    tags = {(tag["field"], tag["key"]) for tag in residents["facets"]["tags"]["tags"]}
    assert {("sfzh", "cn.resident_id"), ("phone", "cn.mobile")} <= tags


def test_a_frame_is_never_taken_for_one_that_is_gone(world: World) -> None:
    """Python gives the number of a frame that is gone to the next one; each is answered from its own rows."""
    import polars as pl

    subject = Subject(id="a", roles=("call_center",), attributes={"districts": ("浦东新区",)})
    for number in range(20):
        frame = pl.DataFrame({"amount": [number]})
        world.guard.scan(frame)
        table = world.guard.query("SELECT amount FROM frame", subject=subject, purpose="service", source=frame).table
        assert table.to_pylist() == [{"amount": number}]
        del frame, table
