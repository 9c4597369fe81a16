"""PIVOT and UNPIVOT by execution: what DuckDB names the columns, and which inputs they change with."""

from __future__ import annotations

import duckdb
import pytest
from sqlglot import exp

from bench.lineage_soundness import Seen, _engine, check
from guard.lineage import extract
from tests.sql.generated import TABLES, Made

RUN = _engine("duckdb")
SCHEMA = {table: list(columns) for table, columns in TABLES.items()}
QUERIES = (
    "SELECT * FROM people PIVOT (sum(age) FOR zone IN (1, 2, 3))",
    "SELECT * FROM people PIVOT (sum(age) AS s, max(id) FOR zone IN (1, 2))",
    "SELECT * FROM people PIVOT (count(id) FOR age IN (1, 2) zone IN (0, 1) GROUP BY score)",
    "SELECT * FROM (SELECT zone, age FROM people WHERE id > 0) PIVOT (min(age) FOR zone IN (4, 5)) AS p(a, b)",
    "PIVOT people ON zone IN (1, 2) USING sum(age) AS s, count(*) AS n GROUP BY score",
    "FROM (PIVOT people ON zone IN (1, 2) USING first(age ORDER BY id)) SELECT *",
    "SELECT * FROM people UNPIVOT (v FOR n IN (age, zone))",
    "SELECT v, id FROM people UNPIVOT INCLUDE NULLS (v FOR n IN (age, zone))",
    "UNPIVOT people ON age, zone INTO NAME n VALUE v",
    "UNPIVOT people ON COLUMNS(* EXCLUDE (id, score)) INTO NAME n VALUE v",
    "SELECT p.* FROM people AS q UNPIVOT ((v, w) FOR n IN ((age, zone), (score, id))) AS p",
)


def made(sql: str) -> Made:
    """The query with the names that DuckDB gives."""
    with duckdb.connect() as connection:
        for table, columns in TABLES.items():
            connection.execute(f"CREATE TABLE {table} ({', '.join(f'{column} INTEGER' for column in columns)})")
        names = [column[0] for column in connection.execute(sql).description]
    return Made(sql, names, {"people"})


@pytest.mark.parametrize("sql", QUERIES)
def test_columns_are_those_of_the_engine_and_none_is_missed(sql: str) -> None:
    """The same names in the same order, no gap, and an edge for whatever changes the answer."""
    one = made(sql)
    lineage = extract(sql, "duckdb", SCHEMA)
    assert [output.name for output in lineage.outputs] == one.columns
    seen = check(one, "duckdb", RUN)
    assert seen == Seen([], seen.direct, seen.spurious, ())
    assert seen.spurious == 0


def test_columns_that_the_data_name_are_a_gap() -> None:
    """`PIVOT t ON a`: what the columns are is in the data; each holds any of the aggregates, and guard says so."""
    lineage = extract("PIVOT people ON zone USING sum(age)", "duckdb", SCHEMA)
    assert [gap.code for gap in lineage.gaps] == ["unsupported_syntax"]
    assert [(edge.source.path, edge.target.path, edge.subtype) for edge in lineage.edges if edge.type == "DIRECT"] == [
        ("id", "id", "IDENTITY"),
        ("score", "score", "IDENTITY"),
        ("age", "*", "AGGREGATION"),
    ]


def test_a_seeded_fault_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the columns of FOR were not followed, nobody would have looked at them, and that is a gap."""
    monkeypatch.setattr("guard.sql.pivots._parts", lambda pivot: (list(pivot.expressions), _without_columns(pivot)))
    assert [gap.code for gap in extract(QUERIES[2], "duckdb", SCHEMA).gaps] == ["unsupported_syntax"] * 2


def _without_columns(pivot: exp.Pivot) -> list[exp.In]:
    return [exp.In(this=exp.Null(), expressions=field.expressions) for field in pivot.args["fields"]]
