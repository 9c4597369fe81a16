"""Writes through the whole of guard: granted by the pack, allowed by the configuration, recorded before they run."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from guard.engine import Guard, open_guard
from guard.errors import AccessDeniedError, AuditError, SourceError, UsageError
from guard.model import FieldRef, State, Subject
from tests.engine.conftest import ROWS, write_crm

ROOT = Path(__file__).parents[2]
CLERK = Subject(id="clerk-1", roles=("clerk",), attributes={"districts": ("浦东新区",)})
GRANTS = """
clerk:
  service: {actions: ["insert", "update", "delete", "create"], tables: ["main.*"], reach: 3}
"""


class Crm:
    """An open guard that may write to one database of forty residents, half of them the clerk's."""

    def __init__(self, guard: Guard, path: Path) -> None:
        self.guard = guard
        self.path = path
        self.source = f"sqlite:///{path}"

    def write(self, sql: str, subject: Subject = CLERK, **parameters: object):
        return self.guard.write(sql, subject=subject, purpose="service", source=self.source, parameters=parameters)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[Crm]:
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    (tmp_path / "rules" / "policy" / "config" / "writes" / "data.yaml").write_text(GRANTS)
    path = tmp_path / "crm.db"
    write_crm(path)
    (tmp_path / "guard.toml").write_text(f'rules = "rules"\n[writes]\nsources = ["sqlite:///{path}"]\n')
    with open_guard(folder=tmp_path, operator="tester") as guard:
        guard.scan(f"sqlite:///{path}")
        yield Crm(guard, path)


def test_only_rows_of_the_subject_change(crm: Crm) -> None:
    """A clerk of one district changes the calls of that district, and learns of no others."""
    result = crm.write("UPDATE calls SET minutes = :minutes", minutes=77)
    assert result.rows == ROWS // 2
    assert crm.rows("SELECT district, count(*) FROM calls WHERE minutes = 77 GROUP BY 1") == [("浦东新区", ROWS // 2)]
    assert crm.write("DELETE FROM calls WHERE district = '徐汇区'").rows == 0


def test_the_record_comes_before_the_write(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a durable record nothing is written; with one, its entry says what was done."""
    crm.write("UPDATE calls SET minutes = 1 WHERE id = 2")
    entry = [entry for _, entry in crm.guard.audit.entries() if entry.kind == "query"][-1]
    assert entry.body["statement"] == "update" if "statement" in entry.body else entry.body["outcome"] == "allow"

    class Lost:
        def wait(self) -> int:
            raise AuditError("the log is full")

    monkeypatch.setattr(crm.guard._desk.parts.log, "begin_soon", lambda _: Lost())
    with pytest.raises(AuditError):
        crm.write("UPDATE calls SET minutes = 99")
    assert crm.rows("SELECT count(*) FROM calls WHERE minutes = 99") == [(0,)]


def test_labels_go_with_what_is_written(crm: Crm) -> None:
    """A new table has the labels and states of what it was made of, and is enforced from the first query on."""
    crm.write("CREATE TABLE extract_1 AS SELECT r.id, r.phone AS contact, r.district FROM residents r")
    catalogue = crm.guard.snapshot(crm.source)
    table = next(table for table in catalogue.tables if table.name.name == "extract_1")
    labels = {
        label.field.path: label for label in crm.guard.catalogue(crm.source) if label.field.dataset == table.dataset
    }
    assert labels["contact"].label is not None
    assert labels["contact"].label.kind == "cn.mobile"
    assert labels["contact"].label.state is State.MASKED
    assert (labels["id"].verdict, labels["district"].label is None) == ("clean", False) or labels["id"].label is None
    assert crm.guard.lineage is not None
    answer = crm.guard.query("SELECT count(*) AS n FROM extract_1", subject=CLERK, purpose="service", source=crm.source)
    assert answer.table.to_pylist() == [{"n": ROWS // 2}]
    crm.write("CREATE TABLE plain AS SELECT c.id, c.minutes FROM calls c")
    crm.write("INSERT INTO plain (id, minutes) SELECT r.id + 1000, r.phone FROM residents r")
    plain = next(table for table in crm.guard.snapshot(crm.source).tables if table.name.name == "plain")
    told = {label.field: label for label in crm.guard.catalogue(crm.source)}[FieldRef(plain.dataset, "minutes")]
    assert told.label is not None
    assert told.label.kind == "cn.mobile"


def test_nobody_writes_without_a_grant(crm: Crm) -> None:
    """The default pack grants writes to nobody, and a role without a grant is told what would give it one."""
    with pytest.raises(AccessDeniedError) as caught:
        crm.write("DELETE FROM calls", Subject("c", ("call_center",), {"districts": ("浦东新区",)}))
    assert "may" in caught.value.message or "no rule allows" in caught.value.message
    assert "config/writes/data.yaml" in caught.value.help
    assert crm.rows("SELECT count(*) FROM calls") == [(ROWS,)]


def test_a_masked_column_is_not_written(crm: Crm) -> None:
    """What a clerk sees masked stays as it is."""
    with pytest.raises(AccessDeniedError, match=r"`main\.residents\.\w+` is masked"):
        crm.write("UPDATE residents SET phone = 'x', card_no = 'y', sfzh = 'z'")


def test_a_query_does_not_write_and_a_write_does_not_query(crm: Crm) -> None:
    """Each door takes its own kind of statement."""
    with pytest.raises(AccessDeniedError, match="only reads"):
        crm.guard.query("DELETE FROM calls", subject=CLERK, purpose="service", source=crm.source)
    with pytest.raises(AccessDeniedError, match="only reads"):
        crm.write("SELECT id FROM calls")
    assert crm.rows("SELECT count(*) FROM calls") == [(ROWS,)]


def test_a_source_that_is_not_named_is_not_written(crm: Crm, tmp_path: Path) -> None:
    """The configuration decides which sources guard may write to."""
    other = tmp_path / "other.db"
    write_crm(other)
    with pytest.raises(UsageError, match="may not write"):
        crm.guard.write("DELETE FROM calls", subject=CLERK, purpose="service", source=f"sqlite:///{other}")


def test_a_refused_write_leaves_nothing(crm: Crm) -> None:
    """A statement that the engine refuses half-way is undone, and its text stays inside."""
    with pytest.raises(SourceError) as caught:
        crm.write("INSERT INTO calls (id, district) VALUES (900, '浦东新区'), (900, '浦东新区')")
    assert "900" not in caught.value.diagnostics()
    assert crm.rows("SELECT count(*) FROM calls") == [(ROWS,)]
