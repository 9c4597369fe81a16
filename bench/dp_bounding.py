"""Contribution bounding on DuckDB: 10 million rows of 500,000 persons, 50 groups, at most 5 groups a person."""

from __future__ import annotations

import time

from bench.result import Result
from guard.anonymize.dp.sql.accept import accept
from guard.anonymize.dp.sql.form import forms
from guard.anonymize.dp.sql.marks import unmarked
from guard.anonymize.dp.sql.metadata import tables_of
from guard.model import Column, Dataset, Table, TableName
from guard.sql.catalogue import Catalogue
from guard.sql.parse import parse

SQL = "SELECT g, COUNT(*) AS n, SUM(x) AS s FROM t GROUP BY g"
GROUPS, MOST = 50, 5
ROUNDS = 5


def run(rows: int = 10_000_000, persons: int = 500_000) -> Result:
    """`seconds_10m`: the median of a few runs of the whole form on two threads."""
    import duckdb

    columns = (Column("u", "INTEGER"), Column("g", "INTEGER"), Column("x", "INTEGER"))
    table = Table(TableName("t", "main"), Dataset("bench", "t"), columns)
    catalogue = Catalogue([table], dialect="duckdb", default_schema="main", catalog="memory")
    units = tables_of(
        {
            "t": {
                "unit": "u",
                "groups": MOST,
                "rows": 2,
                "columns": {"x": {"low": 0, "high": 1000}, "g": {"keys": list(range(GROUPS))}},
            }
        }
    )
    accepted = accept(parse(SQL, "duckdb"), catalogue, units)
    (form,) = forms(accepted, groups=MOST, rows=2, salt=12345)
    connection = duckdb.connect(config={"threads": "2"})
    connection.execute(
        f"CREATE TABLE t AS SELECT (hash(i) % {persons})::INTEGER AS u, (hash(i, 1) % {GROUPS})::INTEGER AS g,"
        f" (hash(i, 2) % 1000)::INTEGER AS x FROM range({rows}) r(i)"
    )
    times, plain = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        connection.execute(unmarked(form.sql)).fetchall()
        times.append(time.perf_counter() - began)
        began = time.perf_counter()
        connection.execute(SQL).fetchall()
        plain.append(time.perf_counter() - began)
    connection.close()
    return Result(
        {"seconds_10m": sorted(times)[len(times) // 2]},
        {"rows": rows, "persons": persons, "groups": GROUPS, "plain_s": sorted(plain)[len(plain) // 2], "threads": 2},
    )
