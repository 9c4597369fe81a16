"""What holds for every source that may be written to."""

from __future__ import annotations

import pytest

from guard.errors import SourceError
from guard.model import EnforcedQuery, Sensitive
from guard.sources.source import Limits, Source
from guard.sources.write import Writable
from tests.sources.conftest import ROWS

LIMITS = Limits(rows=1000, seconds=20)


def query(source: Source, sql: str, **values: object) -> EnforcedQuery:
    marks = {"postgres": "%({})s", "duckdb": "${}", "sqlite": ":{}", "mysql": ":{}"}
    for name in values:
        sql = sql.replace(f"<{name}>", marks[source.dialect].format(name))
    return EnforcedQuery(sql, source.dialect, {name: Sensitive(value) for name, value in values.items()})


def count(source: Source, where: str) -> int:
    found = source.run(query(source, f"SELECT count(*) AS n FROM people WHERE {where}"), limits=LIMITS)
    return int(found.column("n")[0].as_py())


def test_a_write_is_counted_and_kept(source: Source) -> None:
    """The rows that it met come back, and the next reader sees what it did; files and frames are never written."""
    if source.namespace in {"file", "memory"}:
        assert not isinstance(source, Writable)
        return
    assert isinstance(source, Writable)
    changed = query(source, "UPDATE people SET city = <guard_0> WHERE id < 10", guard_0="100%")
    assert (source.write(changed, limits=LIMITS).rows, count(source, "city = '100%'")) == (10, 10)
    assert source.write(query(source, "DELETE FROM people WHERE id = 3"), limits=LIMITS).rows == 1
    assert (
        source.write(query(source, "INSERT INTO people VALUES (3, 'x', 'y'), (900, 'x', 'y')"), limits=LIMITS).rows == 2
    )
    before = source.version()
    source.write(query(source, f"CREATE TABLE {source.default_schema}.others AS SELECT id FROM people"), limits=LIMITS)
    assert source.version() != before
    assert "others" in {table.name.name for table in source.tables()}
    if source.dialect != "mysql":
        back = source.write(query(source, "DELETE FROM people WHERE id = 900 RETURNING id, name"), limits=LIMITS)
        assert back.table is not None
        assert (back.rows, back.table.to_pylist()) == (1, [{"id": 900, "name": "x"}])


def test_a_refused_write_leaves_nothing_and_reading_stays_reading(source: Source) -> None:
    """Half a statement is undone, no value is in the error, and the readers' connections still cannot write."""
    if not isinstance(source, Writable):
        return
    twice = query(source, "INSERT INTO people VALUES (901, 'canary', 'y'), (901, 'canary', 'y')")
    with pytest.raises(SourceError) as caught:
        source.write(twice, limits=LIMITS)
    assert "canary" not in caught.value.diagnostics()
    assert "901" not in caught.value.diagnostics()
    assert count(source, "1 = 1") == ROWS
    with pytest.raises(SourceError):
        source.run(query(source, "DELETE FROM people"), limits=LIMITS)
    assert count(source, "1 = 1") == ROWS


def test_a_slow_write_is_stopped(source: Source) -> None:
    """The timeout holds for writes too, and nothing of them stays."""
    if not isinstance(source, Writable):
        return
    slow = "UPDATE people SET city = 'z' WHERE (SELECT count(*) FROM people a, people b, people c, people d"
    slow += " WHERE (a.id * b.id + c.id * d.id) % 7 = 8) >= 0"
    with pytest.raises(SourceError, match=r"longer than 0\.3 s"):
        source.write(query(source, slow), limits=Limits(seconds=0.3))
    assert count(source, "city = 'z'") == 0
