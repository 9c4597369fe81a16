"""The SQL form of each transform against `apply`, value by value, on the real engines."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pymysql
import pytest
from sqlglot import exp

from guard.anonymize import registry
from guard.anonymize.mask_sql import Masks
from guard.errors import TransformError
from guard.model import Mask, TableName
from guard.sources.mariadb_session import SQL_MODE
from guard.sql.masking import Parameters
from tests.anonymize.cases import COLUMNS, KEYRING, TRANSFORMS, arrow, params, read
from tests.anonymize.engines import duckdb_run, mariadb_runner, postgres_runner, sqlite_run
from tests.servers.mariadb import MariaDbServer

PURPOSE = "research"


def _cases(dialect: str) -> list[Any]:
    return [
        pytest.param(case, name, kind, id=f"{number}-{case['transform']}-{name}-{kind}")
        for number, case in enumerate(TRANSFORMS)
        for name in case["columns"]
        for kind in COLUMNS[name]["types"].get(dialect, ())
    ]


def _expected(case: dict[str, Any], name: str) -> list[Any]:
    given = params(case["transform"], case.get("params"))
    values = arrow(COLUMNS[name])
    result = registry.find(case["transform"]).apply(values, given, KEYRING.bind(PURPOSE))
    assert result.type == values.type
    assert all(
        after is None for before, after in zip(values.to_pylist(), result.to_pylist(), strict=True) if before is None
    )
    return result.to_pylist()


def _masked(case: dict[str, Any], kind: str, dialect: str) -> tuple[exp.Expression, Parameters]:
    mask = Mask(TableName("t"), "c", case["transform"], case.get("params") or {}, rule="r")
    bound = Parameters()
    masks = Masks(KEYRING, purpose=PURPOSE, read=read)
    return masks(mask, exp.column("c"), column_type=kind, dialect=dialect, parameters=bound), bound


def _same(left: list[Any], right: list[Any]) -> bool:
    """Equal values; NaN equals itself, and 0.0 is not -0.0."""
    return [_key(item) for item in left] == [_key(item) for item in right]


def _key(item: Any) -> Any:
    if isinstance(item, float):
        return "nan" if math.isnan(item) else (item, math.copysign(1, item))
    return item


@pytest.mark.parametrize(("case", "name", "kind"), _cases("duckdb"))
def test_duckdb_gives_what_apply_gives(case: dict[str, Any], name: str, kind: str) -> None:
    """In DuckDB the SQL form gives the values and the type that `apply` gives."""
    expression, bound = _masked(case, kind, "duckdb")
    assert _same(duckdb_run(arrow(COLUMNS[name]), kind, expression, bound), _expected(case, name))


@pytest.mark.parametrize(("case", "name", "kind"), _cases("sqlite"))
def test_sqlite_gives_what_apply_gives(case: dict[str, Any], name: str, kind: str) -> None:
    """In SQLite the SQL form gives the values that `apply` gives."""
    expression, bound = _masked(case, kind, "sqlite")
    assert _same(sqlite_run(arrow(COLUMNS[name]), kind, expression, bound), _expected(case, name))


@pytest.mark.postgres
@pytest.mark.parametrize(("case", "name", "kind"), _cases("postgres"))
def test_postgres_gives_what_apply_gives(case: dict[str, Any], name: str, kind: str, masking_database: str) -> None:
    """In PostgreSQL the SQL form gives the values and the type that `apply` gives."""
    expression, bound = _masked(case, kind, "postgres")
    run = postgres_runner(masking_database)
    assert _same(run(arrow(COLUMNS[name]), kind, expression, bound), _expected(case, name))


@pytest.fixture(scope="session")
def masking_database(postgres: Any) -> str:
    """An empty database."""
    return postgres.create_database()


@pytest.fixture(scope="module")
def masking_mariadb(mariadb: MariaDbServer) -> Iterator[pymysql.Connection]:
    """A database for the columns of this module."""
    with contextlib.closing(mariadb.connect(mariadb.create_database())) as connection:
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION sql_mode = '{SQL_MODE}'")
        yield connection


@pytest.mark.mariadb
@pytest.mark.parametrize(("case", "name", "kind"), _cases("mysql"))
def test_mariadb_gives_what_apply_gives(
    case: dict[str, Any], name: str, kind: str, masking_mariadb: pymysql.Connection
) -> None:
    """The SQL form in MariaDB and the Arrow form say the same of every value."""
    expression, bound = _masked(case, kind, "mysql")
    values = arrow(COLUMNS[name])
    kept = [not isinstance(value, float) or math.isfinite(value) for value in values.to_pylist()]  # it stores no others
    got = mariadb_runner(masking_mariadb)(values.filter(pa.array(kept)), kind, expression, bound)
    assert _same(got, pa.array(_expected(case, name), values.type).filter(pa.array(kept)).to_pylist())


def test_keys_never_stand_in_the_sql() -> None:
    """The key pads are bound parameters: the text of the statement holds nothing of the key."""
    key = KEYRING.derive(PURPOSE, "pseudonym:")
    for dialect in ("postgres", "duckdb", "sqlite", "mysql"):
        expression, bound = _masked({"transform": "pseudonym"}, "TEXT", dialect)
        sql = expression.sql(dialect)
        assert key.reveal().hex() not in sql.lower()
        assert all(value.reveal().hex() not in sql.lower() for value in bound.values().values())
        assert "Sensitive(bytes, len=64)" in repr(bound.values())


@pytest.mark.parametrize(
    ("mask", "kind", "message"),
    [
        (Mask(TableName("t"), "c", "pseudonym"), "SMALLINT", "no form for the type `SMALLINT`"),
        (Mask(TableName("t"), "c", "rot13"), "TEXT", "unknown transform `rot13`"),
        (Mask(TableName("t"), "c", "partial", {"frist": 3}), "TEXT", "unknown field `frist`"),
        (Mask(TableName("t"), "c", "round", {"width": 10}), "TEXT", "no form for the type `TEXT`"),
        (Mask(TableName("t"), "c", "generalise", {"hierarchy": "/etc/passwd"}), "TEXT", "is not available here"),
    ],
)
def test_a_mask_without_a_form_is_an_error(mask: Mask, kind: str, message: str) -> None:
    """What has no SQL form raises TransformError, so that the caller denies."""
    with pytest.raises(TransformError) as caught:
        Masks(KEYRING, purpose=PURPOSE)(
            mask, exp.column("c"), column_type=kind, dialect="duckdb", parameters=Parameters()
        )
    assert message in caught.value.message
