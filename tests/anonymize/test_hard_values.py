"""Values that an engine can hold and Arrow cannot: nothing raises, and nothing shows."""

from __future__ import annotations

import sqlite3
from typing import Any

import duckdb
import psycopg
import pytest
from sqlglot import exp

from guard.anonymize import registry
from guard.anonymize.hmac_sql import SQLITE_FUNCTION, sha256
from guard.anonymize.mask_sql import Masks
from guard.errors import TransformError
from guard.model import Mask, TableName
from guard.sql.masking import Parameters
from tests.anonymize.cases import KEYRING, TRANSFORMS, read
from tests.anonymize.engines import revealed, statement


def _all(column_type: str, dialect: str) -> list[tuple[str, str, Parameters]]:
    """Every transform that has a form for the type."""
    found = []
    for case in TRANSFORMS:
        mask, bound = Mask(TableName("t"), "c", case["transform"], case.get("params") or {}), Parameters()
        masks = Masks(KEYRING, purpose="research", read=read)
        try:
            masked = masks(mask, exp.column("c"), column_type=column_type, dialect=dialect, parameters=bound)
        except TransformError:
            continue
        found.append((case["transform"], statement(masked, dialect), bound))
    assert {"null", "redact", "partial"} <= {name for name, _, _ in found}
    return found


def test_sqlite_columns_hold_anything() -> None:
    """SQLite keeps a blob in a text column and a text in an integer column; no mask shows either."""
    odd = [b"\xff\xfesecret", "secret", "sec\0ret", 10**18, 1.5, None, b"", "9" * 40]
    for column_type in ("TEXT", "INTEGER", "REAL", "BLOB", "", "NUMERIC"):
        connection = sqlite3.connect(":memory:")
        connection.create_function(SQLITE_FUNCTION, 1, sha256, deterministic=True)
        connection.execute(f"CREATE TABLE t (i INTEGER, c {column_type})")
        connection.executemany("INSERT INTO t VALUES (?, ?)", enumerate(odd))
        for transform, sql, bound in _all(column_type, "sqlite"):
            rows = [row[0] for row in connection.execute(sql, revealed(bound))]
            assert b"\xff\xfesecret" not in rows, transform
            assert "sec\0ret" not in rows, transform
            if transform not in {"truncate", "sample"}:  # the one shows a beginning, the other a share
                assert "secret" not in rows, transform
        connection.close()


def test_duckdb_texts_with_nul_become_null_or_hidden() -> None:
    """DuckDB keeps NUL characters: such a text is null after every mask that would look into it."""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT 0 AS i, 'sec' || chr(0) || 'ret' AS c")
        for transform, sql, bound in _all("VARCHAR", "duckdb"):
            cell = connection.execute(sql, revealed(bound) or None).fetchall()[0][0]
            assert cell in (None, "[redacted]", "已隐藏 '", "某人", "1900-01-01"), transform


FAR = {
    "date": ["infinity", "-infinity", "5874897-12-31", "4713-01-01 BC", "0001-12-31 BC"],
    "timestamp": ["infinity", "-infinity", "294276-12-31 23:59:59.999999", "4713-01-01 00:00:00 BC"],
    "timestamp with time zone": ["infinity", "-infinity", "294276-12-31 23:59:59.999999+00"],
    "double precision": ["NaN", "Infinity", "-Infinity", "1.7976931348623157e308", "-1.7976931348623157e308", "5e-324"],
    "real": ["NaN", "Infinity", "-3.4028235e38", "1e-45"],
    "numeric": ["NaN", "Infinity", "-Infinity", "9" * 200, "-0." + "9" * 200, "29." + "9" * 60],
    "bigint": ["-9223372036854775808", "9223372036854775807"],
    "smallint": ["-32768", "32767"],
    "uuid": ["00000000-0000-0000-0000-000000000000"],
    "jsonb": ['{"a": 1}'],
    "text[]": ["{a,b}"],
    "bytea": ["\\xdeadbeef"],
    "interval": ["1 year"],
    "inet": ["10.0.0.1"],
    "name": ["someone"],
}


@pytest.mark.postgres
@pytest.mark.parametrize("column_type", FAR)
def test_postgres_raises_on_no_value(column_type: str, postgres: Any) -> None:
    """The ends of each type, infinities and NaN give a value or a null, never an error that tells of them."""
    with psycopg.connect(postgres.url()) as connection:
        connection.execute(f"CREATE TEMPORARY TABLE t (i integer, c {column_type})")
        for index, value in enumerate(FAR[column_type]):
            connection.execute(f"INSERT INTO t VALUES (%s, %s::text::{column_type})", [index, value])
        for transform, sql, bound in _all(column_type, "postgres"):
            whole = sql.replace("SELECT ", "SELECT (", 1).replace(" AS m", ")::text AS m", 1)
            shown = connection.execute(whole, revealed(bound) or None).fetchall()
            assert len(shown) == len(FAR[column_type]), transform


@pytest.mark.postgres
def test_postgres_collations_do_not_disturb(postgres: Any) -> None:
    """A nondeterministic collation, which makes searching functions refuse, changes nothing."""
    with psycopg.connect(postgres.url(), autocommit=False) as connection:
        connection.execute("CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level1', deterministic = false)")
        connection.execute("CREATE TEMPORARY TABLE t (i integer, c text COLLATE blind)")
        connection.execute(
            "INSERT INTO t VALUES (0, 'nurse'), (1, 'Nurse'), (2, 'li@example.cn'), (3, '上海市浦东新区')"
        )
        masked = {
            name: connection.execute(sql, revealed(b) or None).fetchall() for name, sql, b in _all("text", "postgres")
        }
        assert masked["generalise"] == [("*",)] * 4  # level 2, where all is one
        assert masked["email"][2] == ("***@example.cn",)
        connection.rollback()


def test_every_transform_is_in_the_cases() -> None:
    """Nobody can add a transform without proving its SQL form."""
    assert {case["transform"] for case in TRANSFORMS} == set(registry.ids())
