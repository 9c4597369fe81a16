"""Scans that finish, and scans that were cut off."""

from __future__ import annotations

from guard.model import Column, Dataset, FieldLabel, FieldRef, ScanReport, SkippedTable, Table, TableName
from guard.store.scans import ScanRecord
from guard.store.store import Store

SAME = {"source": "sqlite:///crm.db", "sample": 1000, "seed": 7, "rules_version": "r1"}


def table(name, identity="1"):
    return Table(TableName(name, "main"), Dataset("sqlite:///crm.db", name), (Column("a", "TEXT"),), identity=identity)


def labels(name):
    return (FieldLabel(field=FieldRef(Dataset("sqlite:///crm.db", name), "a"), verdict="clean"),)


def report(run, *, skipped=()):
    return ScanReport(id=run.id, source=SAME["source"], fields=labels("t1"), skipped=skipped)


def test_a_scan_that_was_cut_off_goes_on(store):
    """The next scan of the same kind takes over its id and its finished tables."""
    run = store.scans.begin("s1", **SAME)
    assert run.finished(table("t1")) is None
    run.finish_table(table("t1"), labels("t1"))
    again = store.scans.begin("s2", **SAME)
    assert again.id == "s1"
    assert again.finished(table("t1")) == labels("t1")
    assert again.finished(table("t2")) is None
    assert store.catalogue.labels(table("t1").dataset) == labels("t1")


def test_another_question_is_another_scan(store):
    """Another sample, seed, source or rule pack starts anew."""
    store.scans.begin("s1", **SAME).finish_table(table("t1"), labels("t1"))
    for number, (name, value) in enumerate({"sample": 5, "seed": 8, "source": "x", "rules_version": "r2"}.items()):
        run = store.scans.begin(f"other-{number}", **(SAME | {name: value}))
        assert (run.id, run.finished(table("t1"))) == (f"other-{number}", None)


def test_a_swapped_table_is_looked_at_again(store):
    """Progress counts for the relation, not for its name."""
    run = store.scans.begin("s1", **SAME)
    run.finish_table(table("t1"), labels("t1"))
    assert run.finished(table("t1", identity="2")) is None
    run.finish_table(table("t1", identity="2"), labels("t1"))
    assert run.finished(table("t1")) is None
    assert run.finished(table("t1", identity="2")) == labels("t1")


def test_states_of_a_scan(store):
    """Running until it is finished; partial when something was left out; the report is kept."""
    run = store.scans.begin("s1", **SAME)
    store.scans.finish_table("s1", table("t1"), labels("t1"))
    assert store.scans.open_scans() == (
        ScanRecord(id="s1", state="running", started="2026-01-01T00:00:01.000000Z", tables=1, **SAME),
    )
    assert store.scans.report("s1") is None
    whole = report(run)
    run.finish(whole)
    assert store.scans.open_scans() == ()
    assert store.scans.get("s1").state == "done"
    assert store.scans.report("s1") == whole
    next_run = store.scans.begin("s2", **SAME)
    assert next_run.id == "s2"
    store.scans.finish("s2", report(next_run, skipped=(SkippedTable("t2", "why"),)))
    assert store.scans.get("s2").state == "partial"
    assert store.scans.get("none") is None


def test_progress_survives_the_process(where):
    """What was acknowledged is there for whoever opens the store next."""
    with Store.open(where) as store:
        store.scans.begin("s1", **SAME).finish_table(table("t1"), labels("t1"))
    with Store.open(where) as store:
        assert store.scans.begin("s2", **SAME).finished(table("t1")) == labels("t1")
