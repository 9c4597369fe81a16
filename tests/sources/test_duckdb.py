"""What only DuckDB files have: one instance a process, nothing loaded from Python's variables, plain types."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from guard.errors import SourceError
from guard.model import EnforcedQuery, Sensitive
from guard.sources.arrow_types import iso_duration
from guard.sources.duckdb_answer import FIRST_ROWS, TooManyRowsError, answer
from guard.sources.open import open_source
from guard.sources.source import Limits

LIMITS = Limits()


def ask(source, sql):
    return source.run(EnforcedQuery(sql=sql, dialect="duckdb"), limits=LIMITS)


def test_python_variables_are_not_tables(duckdb_people):
    """A frame in the calling program is not reachable by its name."""
    secret = pa.table({"x": ["CANARY"]})
    source = open_source(duckdb_people)
    with pytest.raises(SourceError):
        ask(source, "SELECT * FROM secret")
    assert secret.num_rows == 1
    source.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lock_configuration", True),
        ("enable_external_access", False),
        ("autoinstall_known_extensions", False),
        ("autoload_known_extensions", False),
        ("python_enable_replacements", False),
        ("temp_directory", ""),
        ("TimeZone", "UTC"),
    ],
)
def test_settings_are_pinned(duckdb_people, name, value):
    """The fences stand in the engine itself."""
    source = open_source(duckdb_people)
    assert ask(source, f"SELECT current_setting('{name}') AS v").to_pylist() == [{"v": value}]
    source.close()


def test_types_are_plain(duckdb_people):
    """No dictionaries and no intervals: every consumer reads the answer."""
    source = open_source(duckdb_people)
    answer = ask(
        source,
        "SELECT 'a'::ENUM('a', 'b') AS e, INTERVAL '14 months 3 days 90 seconds' AS i, uuid() IS NOT NULL AS u,"
        " 1.5::DECIMAL(9, 2) AS d, [1, 2] AS l, {'k': 1} AS s, '{}'::JSON AS j,"
        " TIMESTAMPTZ '2024-01-31 10:00+08' AS tz",
    )
    assert [str(kind) for kind in answer.schema.types] == [
        "string",
        "string",
        "bool",
        "decimal128(9, 2)",
        "list<l: int32>",
        "struct<k: int32>",
        "string",
        "timestamp[us, tz=UTC]",
    ]
    assert answer.column("i").to_pylist() == ["P1Y2M3DT1M30S"]
    source.close()


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((0, 0, 0), "PT0S"),
        ((-13, 2, 0), "P-1Y-1M2D"),
        ((0, 0, 1_500_000_000), "PT1.5S"),
        ((0, 0, -500_000_000), "PT-0.5S"),
        ((0, -1, 3_600_000_000_000), "P-1DT1H"),
    ],
)
def test_intervals_are_iso_durations(parts, text):
    """Each part keeps its own sign."""
    assert iso_duration(pa.scalar(parts, pa.month_day_nano_interval()).as_py()) == text


def test_a_file_that_another_connection_writes_is_refused(duckdb_people):
    """A writer in the same process shares no instance with guard."""
    path = duckdb_people.partition(":///")[2]
    with duckdb.connect(path), pytest.raises(SourceError, match="cannot be opened as a DuckDB database"):
        open_source(duckdb_people)


def test_the_same_file_may_be_open_twice(duckdb_people):
    """Two sources over one file live side by side, and closing one leaves the other."""
    one, two = open_source(duckdb_people), open_source(duckdb_people)
    one.close()
    assert ask(two, "SELECT count(*) AS n FROM people").to_pylist() == [{"n": 500}]
    two.close()


SHORT_WAY = """
SELECT range AS i, CASE WHEN range % 5 <> 0 THEN 'x' || range END AS s, range % 3 = 0 AS b, range::INTEGER AS s,
       CASE range WHEN 3 THEN 'nan'::DOUBLE WHEN 4 THEN 'inf'::DOUBLE ELSE range / 7.0::DOUBLE END AS d,
       18446744073709551615::UBIGINT AS u, (-3)::TINYINT AS t
FROM range(200) LIMIT {rows}
"""


@pytest.mark.parametrize("rows", [0, 1, FIRST_ROWS - 1, FIRST_ROWS, FIRST_ROWS + 1, 200])
def test_the_short_way_gives_what_batches_give(rows):
    """A small answer goes through Python values and is the same table: types, names, nulls, not-a-number."""
    connection = duckdb.connect()
    sql = SHORT_WAY.format(rows=rows)
    short = answer(connection.execute(sql), 1000)
    batches = connection.execute(sql)._result_as_arrow(1000, reader=True).read_all()
    assert short.schema == batches.schema
    assert repr(short.to_pylist()) == repr(batches.to_pylist())


@pytest.mark.parametrize("rows", [0, 1, FIRST_ROWS, FIRST_ROWS + 1, 200])
@pytest.mark.parametrize("limit", [1, FIRST_ROWS - 1, FIRST_ROWS, FIRST_ROWS + 1])
def test_the_row_limit_counts_both_ways_together(rows, limit):
    """An answer over the limit is refused wherever the limit falls."""
    result = duckdb.connect().execute(f"SELECT range AS i FROM range({rows})")
    if rows <= limit:
        assert answer(result, limit).num_rows == rows
        return
    with pytest.raises(TooManyRowsError) as caught:
        answer(result, limit)
    assert caught.value.rows == limit


def test_a_parsed_statement_is_bound_anew(duckdb_people):
    """What is kept of a text is its parse: each execution sees its own values."""
    source = open_source(duckdb_people)
    asked = [
        source.run(
            EnforcedQuery(sql="SELECT $n + 1 AS v", dialect="duckdb", parameters={"n": Sensitive(n)}), limits=LIMITS
        ).to_pylist()
        for n in (1, 2, 70_000_000_000)
    ]
    assert asked == [[{"v": 2}], [{"v": 3}], [{"v": 70_000_000_001}]]
    source.close()
