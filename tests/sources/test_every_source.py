"""What holds for every kind of source."""

from __future__ import annotations

import os
import threading

import pytest

from guard.errors import SourceError
from guard.model import EnforcedQuery, Sensitive, TableName
from guard.sources.source import Limits, Source
from tests.sources.conftest import ROWS

LIMITS = Limits(rows=1000, seconds=20)


def query(source: Source, sql: str, **values: object) -> EnforcedQuery:
    marks = {"postgres": "%({})s", "duckdb": "${}", "sqlite": ":{}", "mysql": ":{}"}
    for name in values:
        sql = sql.replace(f"<{name}>", marks[source.dialect].format(name))
    parameters = {name: Sensitive(value) for name, value in values.items()}
    return EnforcedQuery(sql=sql, dialect=source.dialect, parameters=parameters)


def people(source: Source):
    return next(table for table in source.tables() if table.name.name == "people")


def test_tables_have_their_columns_in_order(source):
    """The catalogue lists each relation with its columns, in the default schema."""
    table = people(source)
    assert [column.name for column in table.columns] == ["id", "name", "city"]
    assert table.name == TableName("people", source.default_schema)
    assert table.rows in (ROWS, ROWS - 1)
    assert table.identity


def test_only_keeps_what_matches(source):
    """`only` takes globs over the name and the full name; nothing matches nothing."""
    assert [table.name.name for table in source.tables(["peo*"])] == ["people"]
    assert [table.name.name for table in source.tables([f"{source.default_schema}.people"])] == ["people"]
    assert source.tables(["nobody"]) == ()


def test_a_sample_is_bounded_and_repeats_for_its_seed(source):
    """The same seed gives the same rows, another seed others, and never more than asked for."""
    table = people(source)
    first = source.sample(table, rows=20, seed=7, limits=LIMITS)
    assert first.num_rows == 20
    assert first.equals(source.sample(table, rows=20, seed=7, limits=LIMITS))
    assert not first.equals(source.sample(table, rows=20, seed=8, limits=LIMITS))
    assert source.sample(table, rows=0, seed=7, limits=LIMITS).num_rows == 0
    assert source.sample(table, rows=10_000, seed=7, limits=LIMITS).num_rows == ROWS


def test_a_sample_repeats_in_a_new_connection(source):
    """The sample depends on seed and data, not on what was asked before."""
    from guard.sources.open import open_source

    again = open_source(getattr(source, "_frames", None) or _reopen(source))
    try:
        first = source.sample(people(source), rows=20, seed=7, limits=LIMITS)
        assert again.sample(people(again), rows=20, seed=7, limits=LIMITS).to_pylist() == first.to_pylist()
    finally:
        again.close()


def _reopen(source: Source) -> str:
    return source.uri.replace("postgresql://", "postgresql://postgres@").replace("mariadb://", "mariadb://root@")


def test_a_query_binds_by_name_and_keeps_names(source):
    """Values are bound in the driver's style, and output names stay, twice the same included."""
    sql = "SELECT name, name, 'it''s 100% :guard_0 $guard_0' AS text FROM people"
    sql += " WHERE id = <guard_0> AND city = <guard_1>"
    answer = source.run(query(source, sql, guard_0=5, guard_1="town"), limits=LIMITS)
    assert answer.column_names == ["name", "name", "text"]
    assert [column.to_pylist() for column in answer.columns] == [
        ["name-5"],
        ["name-5"],
        ["it's 100% :guard_0 $guard_0"],
    ]


def test_the_order_of_an_answer_is_kept(source):
    """Bounding an answer does not disturb its ORDER BY."""
    answer = source.run(query(source, "SELECT id FROM people ORDER BY id DESC"), limits=LIMITS)
    assert answer.column("id").to_pylist() == list(reversed(range(ROWS)))


def test_too_many_rows_is_an_error(source):
    """An answer is never cut in silence."""
    with pytest.raises(SourceError, match="more than 10 rows"):
        source.run(query(source, "SELECT id FROM people"), limits=Limits(rows=10))
    assert source.run(query(source, "SELECT id FROM people LIMIT 10"), limits=Limits(rows=10)).num_rows == 10


def test_a_slow_statement_is_stopped_and_the_source_goes_on(source):
    """The timeout holds, and the next statement works."""
    slow = "SELECT count(*) FROM people a, people b, people c, people d WHERE (a.id * b.id + c.id * d.id) % 7 = 8"
    with pytest.raises(SourceError, match=r"longer than 0\.3 s"):
        source.run(query(source, slow), limits=Limits(seconds=0.3))
    assert source.run(query(source, "SELECT 1 AS one"), limits=LIMITS).num_rows == 1


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM people",
        "INSERT INTO people VALUES (1000, 'x', 'y')",
        "UPDATE people SET name = 'x'",
        "DROP TABLE people",
        "CREATE TABLE other AS SELECT 1 AS one",
        "SELECT 1; SELECT 2",
        "SELECT 1; DELETE FROM people",
        "SELECT 1) AS x; DELETE FROM people; --",
        "ATTACH 'x.db' AS x",
        "PRAGMA table_info(people)",
        "SELECT load_extension('x')",
        "SET memory_limit = '1GB'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT pg_read_file('/etc/hostname_not_there')",
        "COPY people TO '/tmp/guard_test_out'",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "EXPLAIN ANALYZE DELETE FROM people",
        "",
    ],
)
def test_nothing_but_one_select_runs(source, sql):
    """Whatever reaches a source by mistake: no write, no second statement, no file, no setting."""
    with pytest.raises(SourceError):
        source.run(query(source, sql), limits=LIMITS)
    assert source.run(query(source, "SELECT count(*) AS n FROM people"), limits=LIMITS).to_pylist() == [{"n": ROWS}]


def test_an_error_holds_no_value(source):
    """The engine's text, which prints cells, does not come out: not in message, cure, cause or context."""
    failing = {"sqlite": "json_extract(name, '$')", "mysql": "exp(9000 + length(name))"}
    wrong = failing.get(source.dialect, "CAST(name AS INTEGER)")
    with pytest.raises(SourceError) as caught:
        source.run(query(source, f"SELECT {wrong} AS x FROM people"), limits=LIMITS)
    assert "name-" not in caught.value.diagnostics()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_value_without_its_placeholder_is_refused(source):
    """A mismatch of names and values is an error of guard's, before the engine sees it."""
    lost = query(source, "SELECT 1 AS one", guard_0=1)
    with pytest.raises(SourceError, match="`guard_0` do not match"):
        source.run(lost, limits=LIMITS)


def test_relations_are_those_of_the_engine(source):
    """The engine's own plan names the tables that a statement reads."""
    sql = "WITH p AS (SELECT * FROM people) SELECT p.name FROM p JOIN people q ON p.id = q.id WHERE p.id = <guard_0>"
    assert source.relations(query(source, sql, guard_0=1)) == {TableName("people", source.default_schema)}
    assert source.relations(query(source, "SELECT 1 AS one")) == frozenset()
    assert source.relations(query(source, "SELECT nothing FROM nowhere")) is None


def test_views_say_their_select(source):
    """A view carries its definition, and what it reads are the tables under it."""
    views = [table for table in source.tables() if table.kind == "view"]
    if source.namespace in ("memory", "file"):
        assert views == []
        return
    assert [table.name.name for table in views] == ["in_town"]
    assert "people" in views[0].definition
    assert views[0].definition.lower().startswith("select")
    assert source.relations(query(source, "SELECT name FROM in_town")) == {TableName("people", source.default_schema)}
    assert source.sample(views[0], rows=5, seed=1, limits=LIMITS).num_rows == 5


def test_threads_share_a_source(source):
    """Queries from many threads each get their own answer."""
    answers: dict[int, object] = {}

    def ask(number: int) -> None:
        asked = query(source, "SELECT name FROM people WHERE id = <guard_0>", guard_0=number)
        answers[number] = source.run(asked, limits=LIMITS).to_pylist()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [{"name": f"name-{number}"}] for number in range(24)}


def test_a_forked_process_has_its_own_connections(source):
    """A child answers by a connection of its own, and the parent's still works."""
    asked = query(source, "SELECT count(*) AS n FROM people")
    assert source.run(asked, limits=LIMITS).num_rows == 1
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if source.run(asked, limits=LIMITS).to_pylist() == [{"n": ROWS}] else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert source.run(asked, limits=LIMITS).to_pylist() == [{"n": ROWS}]


def test_a_closed_source_refuses(source):
    """Closing twice is safe, and a closed source says so."""
    source.close()
    source.close()
    with pytest.raises(SourceError, match="closed"):
        source.run(query(source, "SELECT 1 AS one"), limits=LIMITS)
