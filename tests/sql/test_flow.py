"""Column flow against what a generator knows, and against what DuckDB does."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.sql import sources
from guard.sql.catalogue import Catalogue
from guard.sql.flow import FlowResult, flow
from guard.sql.parse import parse
from tests.sql.generated import TABLES, Generator
from tests.sql.world import clinic, table

CATALOGUE = Catalogue(
    [table(name, *columns, schema="main") for name, columns in TABLES.items()], dialect="duckdb", default_schema="main"
)


@pytest.fixture(scope="module")
def duck() -> Iterator[Any]:
    """DuckDB with eight rows in each table."""
    import duckdb

    connection = duckdb.connect()
    dice = random.Random(1)
    for name, columns in TABLES.items():
        connection.execute(f"CREATE TABLE {name} ({', '.join(f'{column} INTEGER' for column in columns)})")
        rows = [[dice.randint(0, 9) if dice.random() > 0.1 else None for _ in columns] for _ in range(8)]
        connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' for _ in columns)})", rows)
    yield connection
    connection.close()


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 10**9))
def test_every_base_table_is_accounted_for(seed: int) -> None:
    """The tables of the flow are exactly the ones that the generator put in, and nothing is a gap."""
    made = Generator(seed).query()
    result = flow(parse(made.sql, "duckdb"), CATALOGUE)
    assert ({name.name for name in result.tables}, result.gaps) == (made.tables, ())


def missed(duck: Any, seed: int) -> list[tuple[str, str, int]]:
    """Base columns whose change changes an output column that the flow does not connect to them."""
    made = Generator(seed).query()
    result = flow(parse(made.sql, "duckdb"), CATALOGUE)
    before = duck.execute(made.sql).fetchall()
    found = []
    for name in made.tables:
        for column in TABLES[name]:
            outputs = _without(result, name, column)
            for turn in range(2 if outputs else 0):
                duck.execute("BEGIN")
                duck.execute(f"UPDATE {name} SET {column} = ({column} * {3 + turn} + rowid + {turn}) % 10")
                after = duck.execute(made.sql).fetchall()
                duck.execute("ROLLBACK")
                found += [
                    (name, column, i) for i in outputs if Counter(r[i] for r in before) != Counter(r[i] for r in after)
                ]
    return found


def _without(result: FlowResult, name: str, column: str) -> list[int]:
    """The output columns that `name.column` does not reach."""

    def reaches(flowing: Any) -> bool:
        return any(base.table.name == name and base.column == column for base in flowing)

    if reaches(result.rows):
        return []
    return [i for i, output in enumerate(result.columns) if not reaches(output.flow)]


def test_no_dependency_is_missed(duck: Any) -> None:
    """Changing a column changes an answer only where the flow says so: 300 generated queries run on DuckDB."""
    assert {seed: found for seed in range(300) if (found := missed(duck, seed))} == {}


def test_a_seeded_fault_is_found(duck: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """If joins forgot their conditions, the test above would fail."""
    monkeypatch.setattr(sources, "BY_JOIN", 0)
    monkeypatch.setattr(sources.Sources, "_merge_column", lambda *_: None)
    original = sources.Sources.join

    def forgetful(self: Any, join: Any, scope: Any, rows: Any) -> None:
        original(self, join, scope, {})

    monkeypatch.setattr(sources.Sources, "join", forgetful)
    assert any(missed(duck, seed) for seed in range(150))


def test_a_table_that_is_stepped_over_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The final account catches a part of the tree that no rule visited."""
    monkeypatch.setattr("guard.sql.queries.Queries._clause", lambda *_: None)
    result = flow(parse("SELECT id FROM orders WHERE id IN (SELECT id FROM salaries)", "postgres"), clinic("postgres"))
    assert [gap.what for gap in result.gaps] == [
        "the place of the column `id`",
        "the place of the table `salaries`",
    ]


def test_work_is_bounded() -> None:
    """Columns that double with each expression end in a gap, not in memory."""
    steps = ", ".join(f"c{i} AS (SELECT a.*, b.* FROM c{i - 1} AS a, c{i - 1} AS b)" for i in range(1, 40))
    result = flow(
        parse(f"WITH c0 AS (SELECT * FROM orders), {steps} SELECT 1 FROM c39", "postgres"), clinic("postgres")
    )
    assert [gap.code for gap in result.gaps] == ["too_large"]


def test_a_wide_union_is_linear() -> None:
    """148 columns over 7 arms take work in proportion to their number."""
    columns = ", ".join(f"c{i}" for i in range(148))
    wide = Catalogue([table("w", *(f"c{i}" for i in range(148)))], dialect="postgres", default_schema="public")
    sql = " UNION ALL ".join([f"SELECT {columns} FROM w"] * 7)
    result = flow(parse(sql, "postgres"), wide, max_work=148 * 7 * 4)
    assert (len(result.columns), result.gaps) == (148, ())


def test_the_statement_is_left_as_it_was() -> None:
    """Following a query does not change its tree."""
    query = parse("SELECT c.*, (c).ssn FROM customers AS c JOIN v_customers USING (id)", "postgres")
    before = query.sql("postgres")
    flow(query, clinic("postgres"))
    assert query.sql("postgres") == before
