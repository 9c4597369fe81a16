"""The small city of tests/cases/queries: its tables on four engines, its labels, and the whole way of a query.

The whole way here is facts, review, decision by the default rule pack, enforcement, engine; without sources, store
and log, so that a failing case names one of these five.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import psycopg
import pymysql
import yaml

from guard.anonymize.mask_sql import Masks
from guard.errors import AccessDeniedError, ParseError
from guard.model import (
    Column,
    Dataset,
    Decision,
    EnforcedQuery,
    FieldLabel,
    FieldRef,
    Gap,
    Label,
    QueryFacts,
    Subject,
    Table,
    TableName,
)
from guard.policy.decide import decide
from guard.policy.enforce import enforce_text, review
from guard.policy.enforce.writes import is_write, review_write
from guard.policy.engine import PolicyEngine
from guard.policy.engines.embedded import EmbeddedEngine
from guard.policy.facts import extract
from guard.policy.pack import Pack
from guard.sources.binding import bind
from guard.sources.mariadb_session import SQL_MODE, checked
from guard.sql.catalogue import Catalogue
from guard.sql.parse import read

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "cases" / "queries"
NOW = datetime(2026, 7, 1, tzinfo=UTC)
SCHEMA = {"postgres": "public", "duckdb": "main", "sqlite": "main", "mysql": "guard_city"}


def city() -> dict[str, Any]:
    """data.yml: tables with columns, labels and rows."""
    loaded: dict[str, Any] = yaml.safe_load((CASES / "data.yml").read_text(encoding="utf-8"))
    return loaded["tables"]  # type: ignore[no-any-return]


def cases() -> list[dict[str, Any]]:
    """Every case of the folder, in the order of files and of their text."""
    found: list[dict[str, Any]] = []
    for path in sorted(CASES.glob("*.yml")):
        if path.name != "data.yml":
            found += yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def engine() -> PolicyEngine:
    """The default rule pack, embedded."""
    return EmbeddedEngine(Pack.load(ROOT / "rules" / "policy"))


class City:
    """The city in one database."""

    def __init__(self, dialect: str, rules: PolicyEngine, url: str = "") -> None:
        self.dialect = dialect
        self._rules = rules
        self._tables = city()
        schema = SCHEMA[dialect]
        known = [
            Table(
                name=TableName(name, schema),
                dataset=Dataset("test", name),
                columns=tuple(Column(each["name"], each["type"]) for each in table["columns"]),
            )
            for name, table in self._tables.items()
        ]
        self.catalogue = Catalogue(known, dialect=dialect, default_schema=schema)
        self._labels = {
            (TableName(name, schema), each["name"]): _label(name, each)
            for name, table in self._tables.items()
            for each in table["columns"]
        }
        self._open(url)

    def _open(self, url: str) -> None:
        match self.dialect:
            case "duckdb":
                self._connection: Any = duckdb.connect()
                mark = "?"
            case "sqlite":
                self._connection = sqlite3.connect(":memory:")
                mark = "?"
            case "mysql":
                self._connection = pymysql.connect(
                    **checked(url), charset="utf8mb4", autocommit=True, init_command=f"SET sql_mode = '{SQL_MODE}'"
                )
                self._connection.cursor().execute("CREATE DATABASE guard_city CHARACTER SET utf8mb4")
                mark = "%s"
            case _:
                self._connection = psycopg.connect(url, autocommit=True)
                self._connection.execute("SET search_path = pg_catalog, public")
                mark = "%s"
        cursor = self._connection.cursor()
        for name, table in self._tables.items():
            columns = ", ".join(f"{each['name']} {each['type']}" for each in table["columns"])
            cursor.execute(f"CREATE TABLE {SCHEMA[self.dialect]}.{name} ({columns})")
            places = ", ".join([mark] * len(table["columns"]))
            rows = [[_stored(value, self.dialect) for value in row] for row in table["rows"]]
            cursor.executemany(f"INSERT INTO {SCHEMA[self.dialect]}.{name} VALUES ({places})", rows)

    def decided(self, case: dict[str, Any]) -> tuple[Decision, EnforcedQuery | None]:
        """The decision on a case and, when it is allowed and can be enforced, what runs."""
        subject = Subject(**case["subject"])
        try:
            statement, lexed = read(case["sql"], self.dialect)
        except ParseError as error:
            gap = Gap(code=error.gap, what=error.message, help=error.help)
            facts = QueryFacts(self.dialect, "", gaps=(gap,))
            return self._decide(facts, subject, case["purpose"]), None
        facts = extract(statement, self.catalogue)
        reviewed = (review_write if is_write(statement) else review)(statement, self.catalogue)
        gaps = tuple(dict.fromkeys((*facts.gaps, *reviewed)))
        decision = self._decide(msgspec.structs.replace(facts, gaps=gaps), subject, case["purpose"])
        if not decision.allowed:
            return decision, None
        try:
            masks = Masks(purpose=case["purpose"])
            return decision, enforce_text(statement, lexed, self.catalogue, decision, masks).query
        except AccessDeniedError as error:
            gap = Gap(code="unsupported_syntax", what=error.message, help=error.help)
            return msgspec.structs.replace(
                decision, outcome="deny", determined_by=(), gaps=(gap,), obligations=()
            ), None

    def _decide(self, facts: QueryFacts, subject: Subject, purpose: str) -> Decision:
        return decide(
            facts,
            lambda table, column: self._labels.get((table, column)),
            subject=subject,
            purpose=purpose,
            source=f"{self.dialect}://test",
            now=NOW,
            decision_id="test",
            engine=self._rules,
            category_of=lambda kind: _categories().get(kind, ""),
        )

    def answer(self, query: EnforcedQuery) -> list[list[Any]]:
        """The rows, in a form that is equal on all engines."""
        values = {name: value.reveal() for name, value in query.parameters.items()}
        sql = query.sql
        if self.dialect == "mysql":
            bound = bind(query, "pyformat")
            with self._connection.cursor() as cursor:
                cursor.execute(bound.sql, values)  # an empty mapping too: `%` is doubled
                return [[_plain(value) for value in row] for row in cursor.fetchall()]
        if self.dialect == "postgres":
            sql = sql.replace("%", "%%") if values else sql
            for name in values:
                sql = sql.replace(f":{name}", f"%({name})s")
        elif self.dialect == "duckdb":
            for name in values:
                sql = sql.replace(f":{name}", f"${name}")
        cursor = self._connection.execute(sql, values) if values else self._connection.execute(sql)
        return [[_plain(value) for value in row] for row in cursor.fetchall()]

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


def _label(table: str, column: dict[str, Any]) -> FieldLabel:
    field = FieldRef(Dataset("test", table), column["name"])
    match column.get("label"):
        case None:
            return FieldLabel(field, "clean")
        case "not_scanned":
            return FieldLabel(field, "not_scanned")
        case kind:
            return FieldLabel(field, "sensitive", Label(kind, _levels()[kind]), 0.99)


def _levels() -> dict[str, int]:
    return {kind: entry["level"] for _, kind, entry in _taxonomy()}


def _categories() -> dict[str, str]:
    return {kind: category for category, kind, _ in _taxonomy()}


_taxonomy_entries: list[tuple[str, str, dict[str, Any]]] = []


def _taxonomy() -> list[tuple[str, str, dict[str, Any]]]:
    if not _taxonomy_entries:
        for path in sorted((ROOT / "rules" / "taxonomy").glob("*.yaml")):
            part = yaml.safe_load(path.read_text(encoding="utf-8"))
            _taxonomy_entries.extend((part["category"], kind, entry) for kind, entry in part["kinds"].items())
    return _taxonomy_entries


def _stored(value: Any, dialect: str) -> Any:
    return value.isoformat() if isinstance(value, date) and dialect == "sqlite" else value


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, bool | str | None):
        return value
    number = float(value)
    return int(number) if number.is_integer() else round(number, 4)
