"""What only PostgreSQL has: pins, types, plans that go stale, partitions."""

from __future__ import annotations

import datetime as dt
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import pyarrow as pa
import pytest

from guard.errors import SourceError, UsageError
from guard.model import EnforcedQuery, Sensitive, TableName
from guard.sources import postgres_exchange, postgres_session
from guard.sources.open import open_source
from guard.sources.source import Limits

LIMITS = Limits()


def ask(source, sql, **values):
    parameters = {name: Sensitive(value) for name, value in values.items()}
    return source.run(EnforcedQuery(sql=sql, dialect="postgres", parameters=parameters), limits=LIMITS)


@pytest.fixture
def source(postgres_people):
    opened = open_source(postgres_people)
    yield opened
    opened.close()


@pytest.fixture
def owner(postgres_people):
    with psycopg.connect(postgres_people, autocommit=True) as connection:
        yield connection


def test_settings_are_pinned_whatever_the_role_says(postgres_people, owner):
    """What the role, the database or the environment set does not count."""
    owner.execute("ALTER ROLE postgres SET standard_conforming_strings = off")
    owner.execute("ALTER ROLE postgres SET transform_null_equals = on")
    owner.execute("ALTER ROLE postgres SET client_encoding = 'SJIS'")
    owner.execute("ALTER ROLE postgres SET DateStyle = 'German'")
    try:
        source = open_source(postgres_people)
        names = ", ".join(f"current_setting('{name}') AS \"{name}\"" for name in postgres_session.PINS)
        found = ask(source, f"SELECT {names}, current_setting('search_path') AS path").to_pylist()[0]
        assert found.pop("path") == 'pg_catalog, "public", pg_temp'
        assert found == postgres_session.PINS | {
            "idle_in_transaction_session_timeout": "1min",
            "lock_timeout": "5s",
            "statement_timeout": "30s",
        }
        source.close()
    finally:
        owner.execute("ALTER ROLE postgres RESET ALL")


def test_pgoptions_of_the_environment_does_not_count(postgres_people, monkeypatch):
    """Startup options cannot come in by the back door."""
    monkeypatch.setenv("PGOPTIONS", "-c default_tablespace=nowhere -c application_name=evil")
    source = open_source(postgres_people)
    assert ask(source, "SELECT current_setting('application_name') AS a").to_pylist() == [{"a": "guard"}]
    source.close()


@pytest.mark.parametrize("setting", ["options", "client_encoding", "replication", "service", "application_name"])
def test_a_url_may_not_set(postgres_people, setting):
    """What could undo a pin is refused by name."""
    with pytest.raises(UsageError, match=f"may not set `{setting}`"):
        open_source(f"{postgres_people}?{setting}=x")


@pytest.mark.parametrize("change", ["default_transaction_read_only", "search_path", "standard_conforming_strings"])
def test_a_changed_setting_ends_with_its_statement(source, change):
    """Even a statement that reaches `set_config` leaves nothing behind in the session."""
    before = ask(source, f"SELECT current_setting('{change}') AS s").to_pylist()
    ask(source, f"SELECT set_config('{change}', CASE '{change}' WHEN 'search_path' THEN 'x' ELSE 'off' END, false)")
    assert ask(source, f"SELECT current_setting('{change}') AS s").to_pylist() == before


def test_a_function_cannot_write(source, owner):
    """The transaction itself is read-only, so what hides in a function fails."""
    owner.execute("CREATE FUNCTION sneak() RETURNS int LANGUAGE sql AS 'DELETE FROM people RETURNING 1'")
    with pytest.raises(SourceError, match="SQLSTATE class 25"):
        ask(source, "SELECT sneak() AS x")


def test_no_password_comes_out(postgres, caplog, recwarn, capfd):
    """Wherever the connection fails, the password stays in."""
    caplog.set_level(logging.DEBUG)
    port = postgres.port
    texts = []
    for url in (
        "postgresql://u:CANARY@127.0.0.1:1/x",
        f"postgresql://nobody:CANARY@127.0.0.1:{port}/postgres",
        f"postgresql://postgres:CANARY@127.0.0.1:{port}/none",
        "postgresql://u:CANARY@h:port/x",
        "postgresql://u:CANARY@[::1/x",
        f"postgresql://127.0.0.1:{port}/x?password=CANARY&bad=1",
        f"postgresql://127.0.0.1:{port}/x?sslmode=bad&password=CANARY",
    ):
        with pytest.raises((SourceError, UsageError)) as caught:
            open_source(url)
        texts += [caught.value.diagnostics(), repr(caught.value), repr(caught.value.__context__)]
    source = open_source(f"postgresql://postgres:CANARY@127.0.0.1:{port}/postgres")
    texts += [source.uri, repr(source), source.namespace]
    source.close()
    texts += [caplog.text, *capfd.readouterr(), *(str(warning.message) for warning in recwarn)]
    assert "CANARY" not in "\n".join(texts)


def test_a_pooler_is_refused(postgres_people, monkeypatch):
    """Another server process than the one that answered the start-up: settings would not stick."""
    monkeypatch.setattr(psycopg.ConnectionInfo, "backend_pid", property(lambda self: -1))
    with pytest.raises(SourceError, match="a connection pooler answers"):
        open_source(postgres_people)


def test_types_are_honest(source):
    """Decimals stay exact, times keep their zone, uuid, json and intervals are text, arrays are lists."""
    answer = ask(
        source,
        "SELECT 1::int2 AS i2, 1::int8 AS i8, 1.50::numeric(10,2) AS n, 1.005::numeric AS m, 1.5::float4 AS f,"
        " true AS b,"
        " '2024-01-31'::date AS d, '2024-01-31 10:00'::timestamp AS ts, '2024-01-31 10:00+08'::timestamptz AS tz,"
        " '10:00'::time AS t, '1 day 2 hours'::interval AS iv, '{\"a\":1}'::jsonb AS j, ARRAY[1,NULL] AS a,"
        " ARRAY['x'] AS ta, '\\x00ff'::bytea AS y, 'a'::char(3) AS c, NULL::int AS nothing,"
        " '6f9619ff-8b86-d011-b42d-00c04fc964ff'::uuid AS u, '10.0.0.1'::inet AS ip, ROW(1,2) AS r",
    )
    assert {field.name: str(field.type) for field in answer.schema} == {
        "i2": "int16", "i8": "int64", "n": "decimal128(10, 2)", "m": "decimal128(38, 3)", "f": "float", "b": "bool",
        "d": "date32[day]", "ts": "timestamp[us]", "tz": "timestamp[us, tz=UTC]", "t": "time64[us]", "iv": "string",
        "j": "string", "a": "list<item: int32>", "ta": "list<item: string>", "y": "binary", "c": "string",
        "nothing": "int32", "u": "string", "ip": "string", "r": "string",
    }  # fmt: skip
    assert answer.to_pylist() == [
        {
            "i2": 1,
            "i8": 1,
            "n": Decimal("1.50"),
            "m": Decimal("1.005"),
            "f": 1.5,
            "b": True,
            "d": dt.date(2024, 1, 31),
            "ts": dt.datetime(2024, 1, 31, 10),  # noqa: DTZ001 - it has no zone
            "t": dt.time(10),
            "tz": dt.datetime(2024, 1, 31, 2, tzinfo=dt.UTC),
            "iv": "P1DT2H",
            "j": '{"a": 1}',
            "a": [1, None],
            "ta": ["x"],
            "y": b"\x00\xff",
            "c": "a  ",
            "nothing": None,
            "u": "6f9619ff-8b86-d011-b42d-00c04fc964ff",
            "ip": "10.0.0.1",
            "r": "(1,2)",
        }
    ]


def test_what_arrow_cannot_hold_becomes_text(source):
    """An infinite date, NaN in a numeric and a matrix are not rounded, dropped or an error."""
    answer = ask(
        source,
        "SELECT 'infinity'::date AS d, 'NaN'::numeric AS n, '{{1,2},{3,4}}'::int[] AS a, 7 AS i, true AS b,"
        " '\\x00ff'::bytea AS y, '2024-01-31 10:00+00'::timestamptz AS tz, '0044-03-15 BC'::timestamp AS bc",
    )
    assert answer.to_pylist() == [
        {
            "d": "infinity",
            "n": "NaN",
            "a": "{{1,2},{3,4}}",
            "i": 7,
            "b": True,
            "y": b"\x00\xff",
            "tz": dt.datetime(2024, 1, 31, 10, tzinfo=dt.UTC),
            "bc": "0044-03-15 00:00:00 BC",
        }
    ]


def test_an_empty_answer_has_the_types_of_a_full_one(source):
    """Types come from the server, not from the values."""
    empty = ask(source, "SELECT id, name, 1.5::numeric(5,1) AS n FROM people WHERE false")
    assert empty.schema == pa.schema([("id", pa.int32()), ("name", pa.string()), ("n", pa.decimal128(5, 1))])


def test_comments_are_read(source):
    """Column comments reach the classifier."""
    people = next(table for table in source.tables() if table.name.name == "people")
    assert [(column.name, column.comment, column.nullable) for column in people.columns] == [
        ("id", "", False),
        ("name", "姓名", False),
        ("city", "", True),
    ]


def test_all_relations_but_the_system_s_are_listed(source, owner):
    """Kinds are told apart, other schemas are included."""
    owner.execute("CREATE SCHEMA other; CREATE TABLE other.t (a int)")
    owner.execute("CREATE MATERIALIZED VIEW mv AS SELECT id FROM people")
    owner.execute("CREATE TABLE parted (a int) PARTITION BY LIST (a)")
    owner.execute("CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1)")
    owner.execute("CREATE TEMP TABLE mine (a int)")
    assert {str(table.name): table.kind for table in source.tables()} == {
        "other.t": "table",
        "public.in_town": "view",
        "public.mv": "materialized_view",
        "public.parted": "table",
        "public.parted_1": "partition",
        "public.people": "table",
    }


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE people ADD COLUMN phone text",
        "ALTER TABLE people RENAME COLUMN city TO town",
        "ALTER TABLE people RENAME TO persons",
        "ALTER TABLE people ALTER COLUMN city TYPE varchar(9)",
        "CREATE TABLE fresh (a int)",
        "CREATE OR REPLACE VIEW in_town AS SELECT id, city AS name FROM people",
        "ALTER TABLE people RENAME TO old; CREATE TABLE people AS SELECT * FROM old",
    ],
)
def test_the_version_sees_a_changed_schema(source, owner, monkeypatch, change):
    """Columns, names, swapped tables and view definitions change the token; statistics do not."""
    monkeypatch.setattr("guard.sources.postgres.FRESH_SECONDS", 0)
    if "TYPE" in change or "old" in change:
        owner.execute("DROP VIEW in_town")
    before = source.version()
    owner.execute("ANALYZE people")
    assert source.version() == before
    owner.execute(change)
    assert source.version() != before


def test_a_table_that_was_swapped_has_another_identity(source, owner):
    """The name stays, the relation behind it does not."""
    before = next(table.identity for table in source.tables(["people"]))
    owner.execute("DROP VIEW in_town; ALTER TABLE people RENAME TO old; CREATE TABLE people AS SELECT * FROM old")
    assert next(table.identity for table in source.tables(["people"])) != before


def test_a_prepared_statement_survives_a_changed_table(source, owner):
    """A plan that went stale is made anew, once, without the caller noticing."""
    sql = "SELECT * FROM people WHERE id = %(guard_0)s"
    for number in range(7):
        assert ask(source, sql, guard_0=number).num_columns == 3
    owner.execute("ALTER TABLE people ADD COLUMN phone text")
    assert ask(source, sql, guard_0=1).num_columns == 4


def test_a_lost_connection_is_replaced(source, owner):
    """A server that ended our sessions costs nothing but time."""
    ask(source, "SELECT 1 AS one")
    owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'guard'")
    assert ask(source, "SELECT 1 AS one").num_rows == 1


def test_a_table_that_may_not_be_read_does_not_stop_the_others(postgres_people, owner):
    """Permission is asked table by table."""
    owner.execute("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN; CREATE TABLE closed (a int)")
    owner.execute("GRANT SELECT ON people TO reader")
    source = open_source(postgres_people.replace("postgres@", "reader@"))
    tables = {table.name.name: table for table in source.tables()}
    with pytest.raises(SourceError, match="this role may not read it"):
        source.sample(tables["closed"], rows=5, seed=1, limits=LIMITS)
    assert source.sample(tables["people"], rows=5, seed=1, limits=LIMITS).num_rows == 5
    source.close()
    owner.execute("DROP OWNED BY reader; DROP ROLE reader")


def test_a_large_table_is_sampled_by_pages(source, owner):
    """Beyond what is read whole the sample is still full, bounded and repeatable; statistics may be wrong."""
    owner.execute("CREATE TABLE big AS SELECT i AS id, repeat('x', 300) AS s FROM generate_series(1, 90000) i")
    table = next(table for table in source.tables(["big"]))
    samples = [source.sample(table, rows=200, seed=seed, limits=LIMITS) for seed in (1, 1, 2)]
    assert [sample.num_rows for sample in samples] == [200, 200, 200]
    assert samples[0].equals(samples[1])
    assert not samples[0].equals(samples[2])
    ids = samples[0].column("id").to_pylist()
    assert max(ids) - min(ids) > 45_000
    owner.execute("DELETE FROM big WHERE id > 20")
    assert source.sample(table, rows=200, seed=1, limits=LIMITS).num_rows == 20


def test_wide_cells_are_cut_by_the_server(source, owner):
    """No single cell of a sample is larger than the cap."""
    owner.execute("CREATE TABLE wide (t text, y bytea, j jsonb, a int[])")
    owner.execute(
        "INSERT INTO wide SELECT repeat('x', 100000), decode(repeat('00', 100000), 'hex'),"
        " to_jsonb(repeat('x', 100000)), array_agg(i) FROM generate_series(1, 1000) i"
    )
    row = source.sample(next(iter(source.tables(["wide"]))), rows=1, seed=1, limits=LIMITS).to_pylist()[0]
    assert {name: len(cell) for name, cell in row.items()} == {"t": 4096, "y": 4096, "j": 4096, "a": 64}


def test_hostile_names_are_quoted(source, owner):
    """A name is never read as SQL."""
    owner.execute('CREATE TABLE "a""; DROP TABLE people; --" ("x"" y" int, "select" text)')
    owner.execute('INSERT INTO "a""; DROP TABLE people; --" VALUES (1, \'t\')')
    table = next(table for table in source.tables() if table.name.name.startswith("a"))
    assert source.sample(table, rows=5, seed=1, limits=LIMITS).to_pylist() == [{'x" y': 1, "select": "t"}]


def test_relations_of_partitions_and_functions(source, owner):
    """A partition counts as the parent that was named; a function that could read anything is not known."""
    owner.execute("CREATE TABLE parted (a int) PARTITION BY LIST (a)")
    owner.execute("CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1)")
    owner.execute(
        "CREATE FUNCTION f() RETURNS SETOF int LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT id FROM people; END'"
    )

    def relations(sql, *tables):
        return source.relations(EnforcedQuery(sql=sql, dialect="postgres", tables=tables))

    assert relations("SELECT * FROM parted", TableName("parted", "public")) == {TableName("parted", "public")}
    assert relations("SELECT * FROM parted") == {TableName("parted_1", "public")}
    assert relations("SELECT * FROM f()") is None
    assert relations("SELECT * FROM generate_series(1, 3)") == frozenset()


def test_a_refusal_leaves_the_session_usable(postgres_people):
    """An error inside the exchange ends its transaction, and the same session answers the next statement."""
    source = open_source(postgres_people)
    for _ in range(3):
        with pytest.raises(SourceError):
            ask(source, "SELECT 1 / (id - id) AS x FROM people")
        assert ask(source, "SELECT count(*) AS n FROM people").to_pylist() == [{"n": 500}]
    source.close()


def test_many_statements_are_prepared_and_forgotten(postgres_people, monkeypatch):
    """A session keeps a bounded number of prepared statements, and the oldest is prepared anew."""
    monkeypatch.setattr(postgres_exchange, "REMEMBERED", 4)
    source = open_source(postgres_people)
    for turn in range(2):
        for number in range(9):
            assert ask(source, f"SELECT {number} AS n, {turn} AS t").to_pylist() == [{"n": number, "t": turn}]
    assert ask(source, "SELECT count(*) AS n FROM pg_prepared_statements").to_pylist() == [{"n": 4}]
    source.close()


def test_a_lost_server_is_an_error_and_not_a_wait(postgres_people):
    """A session whose server process ended in the middle of a statement is given up; the next one works."""
    source = open_source(postgres_people)
    with psycopg.connect(postgres_people, autocommit=True) as owner, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, source, "SELECT pg_sleep(20)::text AS x")
        ended: list[int] = []
        for _ in range(2):  # it is asked once more on a new session, which is ended too
            found: list[tuple[int]] = []
            while not found:
                found = owner.execute(
                    "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid <> ALL(%s)", (ended,)
                ).fetchall()
                time.sleep(0.01)
            ended += [pid for (pid,) in found]
            owner.execute("SELECT pg_terminate_backend(%s)", found[0])
        with pytest.raises(SourceError):
            waiting.result()
    assert ask(source, "SELECT 1 AS n").to_pylist() == [{"n": 1}]
    source.close()
