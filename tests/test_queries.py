"""The query cases end to end: real databases, a real scan's catalogue, both policy engines, the durable record.

The same cases pass on DuckDB, SQLite and PostgreSQL, decided by the embedded engine and by a real OPA server.
`tests/cases/queries/README.md` says what a case is; `tests/policy/enforce` runs them through the rooms alone.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from guard.engine import Guard, open_guard
from guard.errors import AccessDeniedError
from guard.model import Decision, FieldLabel, FieldRef, Label, Mask, MaxRows, MinimumGroup, RowFilter, Subject
from guard.sources.open import open_source
from tests.policy.enforce.city import cases, city

ENGINES = ("duckdb", "sqlite", "postgres")
POLICIES = ("embedded", "opa")


def build(dialect: str, folder: Path, url: str) -> str:
    """The city of the cases in a real database; returns its URI."""
    statements = []
    for name, table in city().items():
        columns = ", ".join(f"{column['name']} {column['type']}" for column in table["columns"])
        statements.append((f"CREATE TABLE {name} ({columns})", None))
        marks = ", ".join(["%s" if dialect == "postgres" else "?"] * len(table["columns"]))
        for row in table["rows"]:
            values = [value.isoformat() if isinstance(value, date) and dialect == "sqlite" else value for value in row]
            statements.append((f"INSERT INTO {name} VALUES ({marks})", values))
    if dialect == "postgres":
        import psycopg

        with psycopg.connect(url) as connection:
            for sql, values in statements:
                connection.execute(sql, values)
        return url
    path = folder / f"city.{dialect}"
    if dialect == "sqlite":
        with closing(sqlite3.connect(path)) as connection:
            for sql, values in statements:
                connection.execute(sql, values or ())
            connection.commit()
        return f"sqlite:///{path}"
    import duckdb

    with duckdb.connect(str(path)) as connection:
        for sql, values in statements:
            connection.execute(sql, values)
    return f"duckdb:///{path}"


def label(guard: Guard, uri: str) -> None:
    """Puts the labels of the cases into the catalogue, as a scan would."""
    source = open_source(uri)
    levels = guard.parts.classifier.taxonomy.kinds
    labels = []
    for table in source.tables():
        for column in city()[table.name.name]["columns"]:
            kind = column.get("label")
            field = FieldRef(table.dataset, column["name"])
            if kind is None:
                labels.append(FieldLabel(field, "clean", identity=table.identity))
            elif kind == "not_scanned":
                labels.append(FieldLabel(field, "not_scanned", identity=table.identity))
            else:
                found = Label(kind, levels[kind].level)
                labels.append(FieldLabel(field, "sensitive", found, 0.99, identity=table.identity))
    source.close()
    guard.store.catalogue.save(labels)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            pair,
            id="-".join(pair),
            marks=[
                *([pytest.mark.postgres] if pair[0] == "postgres" else []),
                *([pytest.mark.opa] if pair[1] == "opa" else []),
            ],
        )
        for pair in itertools.product(ENGINES, POLICIES)
    ],
)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Guard, str]]:
    """A guard over the city, on one engine and one policy engine."""
    dialect, policy = request.param
    folder = tmp_path_factory.mktemp(f"{dialect}-{policy}")
    url = request.getfixturevalue("postgres").create_database() if dialect == "postgres" else ""
    settings: dict[str, Any] = {"policy": {"engine": policy, "deadline_ms": 5000}}
    if policy == "opa":
        settings["policy"]["opa_url"] = request.getfixturevalue("opa_server").url
    uri = build(dialect, folder, url)
    with open_guard(folder=folder, operator="tester", settings=settings) as guard:
        label(guard, uri)
        yield guard, uri


def seen(guard: Guard, uri: str, case: dict[str, Any]) -> dict[str, Any]:
    """What came of a case, in the form of its `expect`."""
    ask = {"subject": Subject(**case["subject"]), "purpose": case["purpose"], "source": uri}
    try:
        result = guard.query(case["sql"], **ask)
    except AccessDeniedError as error:
        decision: Decision = error.decision
        return {
            "outcome": "deny",
            "denied_by": sorted({reason.rule for reason in decision.determined_by}),
            "gaps": sorted({gap.code for gap in decision.gaps}),
        }
    decision = result.decision
    assert decision.facts is not None
    owed = decision.obligations
    rows = [
        [plain(value) for value in row.values()]
        for row in result.table.rename_columns([str(number) for number in range(result.table.num_columns)]).to_pylist()
    ]
    bounds = [("max_rows", each.rows) for each in owed if isinstance(each, MaxRows)]
    bounds += [("minimum_group", each.size) for each in owed if isinstance(each, MinimumGroup)]
    return {
        "outcome": decision.outcome,
        "tables": sorted(table.name for table in decision.facts.tables),
        "columns": {
            f"{use.table.name}.{use.column}": sorted(each.value for each in use.uses) for use in decision.facts.columns
        },
        "masks": {f"{each.table.name}.{each.column}": each.transform for each in owed if isinstance(each, Mask)},
        "filters": sorted(each.table.name for each in owed if isinstance(each, RowFilter)),
        "limits": dict(bounds),
        **({"row_count": len(rows)} if "row_count" in case["expect"] else {"rows": rows}),
    }


def plain(value: Any) -> Any:
    """A value in a form that is equal on all engines."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, bool | str | None):
        return value
    number = float(value)
    return int(number) if number.is_integer() else round(number, 4)


def test_every_case_comes_out_the_same(opened: tuple[Guard, str]) -> None:
    """Facts, decision, obligations and answer are the expected ones on every engine, by either policy engine."""
    guard, uri = opened
    results = [(case["name"], seen(guard, uri, case)) for case in cases()]
    assert results == [(case["name"], case["expect"]) for case in cases()]
    assert len(results) >= 60


def test_every_question_is_on_record(opened: tuple[Guard, str]) -> None:
    """Each case left one entry, and the log verifies."""
    guard, uri = opened
    before = guard.parts.log.size
    for case in cases()[:5]:
        seen(guard, uri, case)
    assert guard.parts.log.size == before + 5
    assert guard.audit.verify().ok


def test_a_denial_names_rule_column_label_and_cure(opened: tuple[Guard, str]) -> None:
    """Who reads the error knows what to leave out, and whom to ask."""
    guard, uri = opened
    subject = Subject(id="analyst-7", roles=("analyst",))
    with pytest.raises(AccessDeniedError) as caught:
        guard.query("SELECT diagnosis FROM visits", subject=subject, purpose="fraud_review", source=uri)
    for part in ("`access.beyond_reach`", "visits.diagnosis`", "health.diagnosis level"):
        assert part in caught.value.message
    assert "leave the columns out" in caught.value.help
