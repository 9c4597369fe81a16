"""Three databases for every engine: two that differ only in what is protected, and one that is already masked.

`customers` is filtered to the rows that the subject has and its `ssn` and `notes` are masked; `salaries` and the
`priv` schema are not in the catalogue. LEFT and RIGHT hold the same open data and different protected data. MASKED
holds what the subject may see, as plain tables: what the original statement answers there is what it should answer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import duckdb
import psycopg
import pymysql
from sqlglot import exp

from guard.errors import TransformError
from guard.model import (
    Column,
    ColumnUse,
    Compare,
    Dataset,
    Decision,
    InTable,
    Mask,
    MinimumGroup,
    Not,
    Obligation,
    QueryFacts,
    RowFilter,
    Table,
    TableName,
)
from guard.policy.facts import extract
from guard.sources.duckdb_engine import pinned_config
from guard.sources.mariadb_session import PINS
from guard.sql.catalogue import Catalogue
from guard.sql.masking import Parameters

Side = Literal["left", "right", "masked"]

SCHEMA = {"postgres": "public", "duckdb": "main", "sqlite": "main", "mysql": "lab"}
CATALOG = {"postgres": "lab", "duckdb": "memory", "sqlite": "", "mysql": ""}
MASKED_TEXT = "***"

ORDERS = [(1, 1, 10, "a"), (2, 3, 20, "b"), (3, 3, 30, None), (4, 2, 40, "d"), (5, 9, 50, "e")]
ACL = [("EU", "me"), ("US", "you")]
CARD = '{"card": "4111-CANARY"}'

# id, name, region; then what only LEFT and RIGHT hold: ssn, notes
OPEN = [(1, "usr-11", "EU"), (3, "usr-33", "EU"), (5, "usr-55", "EU"), (7, "usr-77", "EU")]
SECRETS: dict[Side, list[tuple[str | None, str | None]]] = {
    "left": [("SSN-CANARY-1", CARD), ("SSN-CANARY-3", None), ("123", CARD), ("SSN-CANARY-1", CARD)],
    "right": [("SSN-A", '{"card": 1}'), ("SSN-Z", None), ("SSN-M", '{"x": 2}'), ("0", '{"card": 3}')],
}
HIDDEN: dict[Side, list[tuple[int, str, str | None, str | None, str | None]]] = {
    "left": [
        (2, "ROW-CANARY", "US", "SSN-CANARY-2", CARD),
        (4, "usr-CANARY", "US", "SSN-CANARY-4", None),
        (6, "usr-CANARY", None, "SSN-CANARY-6", CARD),
    ],
    "right": [(8, "usr-1", "US", "x", None), (9, "usr-2", None, "y", None)],
}


def customers(side: Side, policy: str = "constant") -> list[tuple[Any, ...]]:
    """The rows of `customers` on one side: id, name, ssn, region, notes."""
    if side == "masked":
        return [(i, n, MASKED_TEXT, r, None) for i, n, r in OPEN]
    opened = [(i, n, ssn, r, notes) for (i, n, r), (ssn, notes) in zip(OPEN, SECRETS[side], strict=True)]
    hidden = [(i, n, ssn, r, notes) for i, n, r, ssn, notes in HIDDEN[side]]
    # Hidden rows stand between the others, so that an order that follows storage would show them.
    return [opened[0], *hidden[:1], *opened[1:3], *hidden[1:], *opened[3:]]


def catalogue(dialect: str, version: str = "1") -> Catalogue:
    """The catalogue of the world: what guard knows of it."""
    schema, catalog = SCHEMA[dialect], CATALOG[dialect]

    def table(name: str, *columns: tuple[str, str], kind: Any = "table", definition: str = "") -> Table:
        return Table(
            name=TableName(name, schema, catalog if dialect == "duckdb" else ""),
            dataset=Dataset("test", name),
            columns=tuple(Column(each, kind_) for each, kind_ in columns),
            kind=kind,
            definition=definition,
        )

    people = (("id", "INTEGER"), ("name", "TEXT"), ("ssn", "TEXT"), ("region", "TEXT"), ("notes", notes_type(dialect)))
    return Catalogue(
        [
            table("customers", *people),
            table("orders", ("id", "INTEGER"), ("customer_id", "INTEGER"), ("amount", "INTEGER"), ("memo", "TEXT")),
            table("acl", ("region", "TEXT"), ("who", "TEXT")),
            table("v_customers", *people, kind="view"),
            table(
                "v_known",
                ("who", "TEXT"),
                ("secret", "TEXT"),
                kind="view",
                definition="SELECT name AS who, ssn AS secret FROM customers WHERE id > 0",
            ),
            table("ev_2024", ("id", "INTEGER"), kind="partition"),
        ],
        dialect=dialect,
        default_schema=schema,
        catalog=catalog,
        version=version,
    )


def notes_type(dialect: str) -> str:
    """PostgreSQL has the notes as JSON."""
    return "jsonb" if dialect == "postgres" else "TEXT"


def obligations(dialect: str, policy: str) -> tuple[Obligation, ...]:
    """What the subject's decisions owe under one of the named policies."""
    name = catalogue(dialect).tables[0].name
    masks = (Mask(name, "ssn", "redact", {}, "mask.ssn"), Mask(name, "notes", "null", {}, "mask.notes"))
    constant = RowFilter(name, Compare("region", "eq", "EU"), "rows.region")
    match policy:
        case "constant":
            return (constant, *masks)
        case "entitlement":
            return (RowFilter(name, InTable("region", "acl", "region", Compare("who", "eq", "me")), "rows.acl"), *masks)
        case "not_us":
            both = RowFilter(name, Not(Compare("id", "ge", 8)), "rows.not")
            return (constant, both, *masks)
        case "minimum_group":
            return (constant, *masks, MinimumGroup(3, "group.three"))
    raise ValueError(policy)


def decision(
    dialect: str, policy: str = "constant", *, facts: QueryFacts | None = None, owed: Sequence[Obligation] | None = None
) -> Decision:
    """An allowing decision under a named policy."""
    duties = tuple(owed) if owed is not None else obligations(dialect, policy)
    return Decision(
        id="test", outcome="allow", subject="analyst", purpose="test", obligations=duties, facts=facts, revision="1"
    )


def decision_on(statement: exp.Expression, dialect: str, policy: str = "constant") -> Decision:
    """What the decider would say, with real facts: no duties on tables that the statement does not read."""
    facts = extract(statement, catalogue(dialect))
    owed = [
        duty
        for duty in obligations(dialect, policy)
        if not isinstance(duty, RowFilter | Mask) or duty.table in facts.tables
    ]
    return decision(dialect, owed=owed, facts=facts)


def facts_of(dialect: str, **columns: Sequence[str]) -> QueryFacts:
    """Facts that say: these columns of these tables are used, nothing else."""
    known = {table.name.name: table.name for table in catalogue(dialect).tables}
    uses = tuple(ColumnUse(known[table], column, ()) for table, names in columns.items() for column in names)
    return QueryFacts(dialect, "select", tables=tuple(known[table] for table in columns), columns=uses)


def mask_sql(
    mask: Mask, column: exp.Expression, *, column_type: str, dialect: str, parameters: Parameters
) -> exp.Expression:
    """The SQL forms of the two transforms that these tests need: `redact` keeps NULL, `null` shows nothing."""
    if mask.transform == "null":
        return exp.Null()
    if mask.transform == "redact":
        empty = exp.If(this=exp.Is(this=column.copy(), expression=exp.Null()), true=exp.Null())
        return exp.Case(ifs=[empty], default=exp.Literal.string(MASKED_TEXT))
    raise TransformError(f"`{mask.transform}` has no SQL form")


@dataclass(frozen=True)
class Observation:
    """Everything that a client can see of one statement."""

    columns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    error: str = ""
    notices: tuple[str, ...] = field(default=())

    def text(self) -> str:
        """All of it as text, for canaries."""
        return f"{self.columns} {self.rows} {self.error} {self.notices}"


class Database(Protocol):
    """One engine with one side of the world in it."""

    dialect: str

    def ask(self, sql: str) -> Observation:
        """Runs a statement and reports everything observable, errors included."""

    def close(self) -> None:
        """Frees it."""


def _hashable(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(repr(value) if isinstance(value, list | dict | set) else value for value in row)


class Duck:
    """DuckDB in memory."""

    dialect = "duckdb"

    def __init__(self, side: Side) -> None:
        self._connection = duckdb.connect(config=pinned_config() | {"threads": "1"})
        run = self._connection.execute
        run("CREATE TABLE customers (id INTEGER, name TEXT, ssn TEXT, region TEXT, notes TEXT)")
        run("CREATE TABLE orders (id INTEGER, customer_id INTEGER, amount INTEGER, memo TEXT)")
        run("CREATE TABLE acl (region TEXT, who TEXT)")
        run("CREATE TABLE salaries (id INTEGER, amount INTEGER)")
        run("CREATE TABLE scratch (x TEXT)")
        self._connection.executemany("INSERT INTO customers VALUES (?,?,?,?,?)", customers(side))
        self._connection.executemany("INSERT INTO orders VALUES (?,?,?,?)", ORDERS)
        self._connection.executemany("INSERT INTO acl VALUES (?,?)", ACL)
        run("INSERT INTO salaries VALUES (1, ?)", [777 if side == "left" else 111])
        run("CREATE VIEW v_customers AS SELECT * FROM customers")
        run("CREATE VIEW v_known AS SELECT name AS who, ssn AS secret FROM customers WHERE id > 0")
        run("CREATE MACRO tm() AS TABLE SELECT ssn FROM customers")
        if side != "masked":  # there the original statement shows what is right
            run("CREATE MACRO lower(x) AS (SELECT max(ssn) FROM customers)")
        run("SET enable_external_access = false")

    def ask(self, sql: str) -> Observation:
        try:
            cursor = self._connection.execute(sql)
            described = cursor.description or []
            rows = tuple(_hashable(row) for row in cursor.fetchall())
        except duckdb.Error as error:
            return Observation(error=f"{type(error).__name__}: {error}")
        return Observation(tuple(d[0] for d in described), tuple(str(d[1]) for d in described), rows)

    def close(self) -> None:
        self._connection.close()


class Lite:
    """SQLite in memory."""

    dialect = "sqlite"

    def __init__(self, side: Side) -> None:
        self._connection = sqlite3.connect(":memory:")
        run = self._connection.execute
        run("CREATE TABLE customers (id INTEGER, name TEXT, ssn TEXT, region TEXT, notes TEXT)")
        run("CREATE TABLE orders (id INTEGER, customer_id INTEGER, amount INTEGER, memo TEXT)")
        run("CREATE TABLE acl (region TEXT, who TEXT)")
        run("CREATE TABLE salaries (id INTEGER, amount INTEGER)")
        self._connection.executemany("INSERT INTO customers VALUES (?,?,?,?,?)", customers(side))
        self._connection.executemany("INSERT INTO orders VALUES (?,?,?,?)", ORDERS)
        self._connection.executemany("INSERT INTO acl VALUES (?,?)", ACL)
        run("INSERT INTO salaries VALUES (1, ?)", [777 if side == "left" else 111])
        run("CREATE VIEW v_customers AS SELECT * FROM customers")
        run("CREATE VIEW v_known AS SELECT name AS who, ssn AS secret FROM customers WHERE id > 0")

    def ask(self, sql: str) -> Observation:
        try:
            cursor = self._connection.execute(sql)
            rows = tuple(_hashable(row) for row in cursor.fetchall())
        except sqlite3.Error as error:
            return Observation(error=f"{type(error).__name__}: {error}")
        types = tuple(sorted({str([type(value).__name__ for value in row]) for row in rows}))
        return Observation(tuple(d[0] for d in cursor.description or ()), types, rows)

    def close(self) -> None:
        self._connection.close()


_POSTGRES_SETUP = """
CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text, region text, notes jsonb);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, amount int, memo text);
CREATE TABLE acl (region text, who text);
CREATE TABLE salaries (id int, amount int);
CREATE TABLE scratch (x text);
CREATE SEQUENCE seq1;
CREATE SCHEMA priv;
CREATE TABLE priv.customers (ssn text);
INSERT INTO priv.customers VALUES ('SSN-CANARY-P');
CREATE VIEW v_customers AS SELECT * FROM customers;
CREATE VIEW v_known AS SELECT name AS who, ssn AS secret FROM customers WHERE id > 0;
CREATE TABLE events (id int, y int) PARTITION BY RANGE (y);
CREATE TABLE ev_2024 PARTITION OF events FOR VALUES FROM (2024) TO (2025);
CREATE FUNCTION leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS
    $$BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END$$;
CREATE FUNCTION get_ssn(int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM public.customers WHERE id = $1';
CREATE FUNCTION get_customers() RETURNS SETOF text LANGUAGE sql AS 'SELECT ssn FROM public.customers';
CREATE FUNCTION public.lower(int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM public.customers WHERE id = $1';
CREATE FUNCTION cmp(int, int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM public.customers LIMIT 1';
CREATE OPERATOR public.@@@ (LEFTARG = int, RIGHTARG = int, FUNCTION = cmp);
"""


class Postgres:
    """PostgreSQL, in a database of its own. The built-in schema stands before `public`, as guard's sources pin it."""

    dialect = "postgres"

    def __init__(self, side: Side, url: str) -> None:
        self._notices: list[str] = []
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.add_notice_handler(lambda notice: self._notices.append(notice.message_primary or ""))
        self._connection.execute(_POSTGRES_SETUP)
        with self._connection.cursor() as cursor:
            cursor.executemany("INSERT INTO customers VALUES (%s,%s,%s,%s,%s)", customers(side))
            cursor.executemany("INSERT INTO orders VALUES (%s,%s,%s,%s)", ORDERS)
            cursor.executemany("INSERT INTO acl VALUES (%s,%s)", ACL)
        self._connection.execute("INSERT INTO salaries VALUES (1, %s)", [777 if side == "left" else 111])
        self._connection.execute("CREATE MATERIALIZED VIEW mv_customers AS SELECT * FROM customers")
        self._connection.execute("SET search_path = pg_catalog, public")
        self._connection.execute("ANALYZE")

    def ask(self, sql: str) -> Observation:
        self._notices.clear()
        try:
            cursor = self._connection.execute(sql)
            rows = tuple(_hashable(row) for row in cursor.fetchall()) if cursor.description else ()
        except psycopg.Error as error:
            return Observation(error=f"{error.sqlstate}: {error}", notices=tuple(self._notices))
        described = cursor.description or []
        names, kinds = tuple(d.name for d in described), tuple(str(d.type_code) for d in described)
        return Observation(names, kinds, rows, notices=tuple(self._notices))

    def close(self) -> None:
        self._connection.close()


_MARIA_SETUP = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, ssn TEXT, region TEXT, notes TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, amount INTEGER, memo TEXT);
CREATE TABLE acl (region TEXT, who TEXT);
CREATE TABLE salaries (id INTEGER, amount INTEGER);
CREATE TABLE scratch (x TEXT);
CREATE SEQUENCE seq1;
CREATE VIEW v_customers AS SELECT * FROM customers;
CREATE VIEW v_known AS SELECT name AS who, ssn AS secret FROM customers WHERE id > 0;
CREATE FUNCTION get_ssn(x INT) RETURNS TEXT READS SQL DATA RETURN (SELECT ssn FROM customers WHERE id = x);
CREATE FUNCTION `lower`(x INT) RETURNS TEXT READS SQL DATA RETURN (SELECT ssn FROM customers WHERE id = x);
CREATE FUNCTION `count`(x INT) RETURNS TEXT READS SQL DATA RETURN (SELECT ssn FROM customers WHERE id = x)
"""


class Maria:
    """MariaDB, in a database of its own that statements call `lab`; every warning is a notice."""

    dialect = "mysql"

    def __init__(self, side: Side, connection: pymysql.Connection, database: str) -> None:
        self._connection, self._database = connection, database
        with connection.cursor() as cursor:
            for statement in _MARIA_SETUP.split(";\n"):
                if side != "masked" or "`lower`" not in statement:  # there the original statement shows what is right
                    cursor.execute(statement)
            cursor.executemany("INSERT INTO customers VALUES (%s,%s,%s,%s,%s)", customers(side))
            cursor.executemany("INSERT INTO orders VALUES (%s,%s,%s,%s)", ORDERS)
            cursor.executemany("INSERT INTO acl VALUES (%s,%s)", ACL)
            cursor.execute("INSERT INTO salaries VALUES (1, %s)", [777 if side == "left" else 111])
            cursor.execute("ANALYZE TABLE customers, orders")
            for name, value in PINS.items():
                cursor.execute(f"SET SESSION {name} = %s", (value,))

    def ask(self, sql: str) -> Observation:
        sql = sql.replace("`lab`", f"`{self._database}`").replace("lab.", f"{self._database}.")
        notices: tuple[str, ...] = ()
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(sql)
                rows = tuple(_hashable(row) for row in cursor.fetchall())
                described = cursor.description or ()
            except pymysql.MySQLError as error:
                return Observation(error=self._told(error))
            cursor.execute("SHOW WARNINGS")
            notices = tuple(self._told(row) for row in cursor.fetchall())
        return Observation(tuple(d[0] for d in described), tuple(str(d[1]) for d in described), rows, notices=notices)

    def _told(self, what: object) -> str:
        return str(what).replace(self._database, "lab")

    def close(self) -> None:
        self._connection.close()
