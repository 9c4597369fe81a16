"""Facts of statements, case by case: tests/cases/sql/*.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from guard.errors import ParseError
from guard.model import Gap
from guard.policy.facts import extract
from guard.sql.parse import parse
from tests.sql.world import clinic

CASES = Path(__file__).parents[1] / "cases" / "sql"


def cases() -> list[Any]:
    """One parameter for each case and dialect."""
    loaded = [case for file in sorted(CASES.glob("*.yml")) for case in yaml.safe_load(file.read_text())]
    return [
        pytest.param(case, dialect, id=f"{case['id']}-{dialect}")
        for case in loaded
        for dialect in case["dialects"].split()
    ]


@pytest.mark.parametrize(("case", "dialect"), cases())
def test_facts(case: dict[str, Any], dialect: str) -> None:
    """The tables, the columns with all their uses, and the gaps of a statement are exactly these."""
    facts = extract(parse(case["sql"], dialect), clinic(dialect))
    columns = {f"{use.table.name}.{use.column}": " ".join(use.uses) for use in facts.columns}
    got = (facts.statement, sorted(table.name for table in facts.tables), columns, [gap.code for gap in facts.gaps])
    assert got == (
        case.get("statement", "select"),
        sorted(case["tables"]),
        case.get("columns", {}),
        case.get("gaps", []),
    )


@pytest.mark.parametrize(
    ("sql", "dialect", "functions"),
    [
        ("SELECT count(*), upper(name), evil(ssn) FROM customers", "postgres", ("count", "evil", "upper")),
        (
            "SELECT pg_catalog.lower(name), pg_read_file('x') FROM customers",
            "postgres",
            ("pg_catalog.lower", "pg_read_file"),
        ),
        ("SELECT * FROM evil.generate_series(1, 2)", "postgres", ("evil.exploding_generate_series",)),
        ("SELECT list(ssn) FROM customers", "duckdb", ("array_agg",)),
        ("SELECT CASE WHEN id = '1' AND name = '2' THEN CAST(id AS INT) END FROM customers", "sqlite", ()),
        ("SELECT number FROM v_upper", "postgres", ("upper",)),
    ],
)
def test_functions(sql: str, dialect: str, functions: tuple[str, ...]) -> None:
    """Functions have the names that a reviewer can list; AND, CASE and CAST are not functions."""
    assert extract(parse(sql, dialect), clinic(dialect)).functions == functions


def test_a_write_names_its_target() -> None:
    """A write is judged like a query, with the table that it writes; any other change is a gap."""
    facts = extract(parse("DELETE FROM customers", "postgres"), clinic("postgres"))
    assert (facts.statement, facts.gaps, facts.target) == ("delete", (), facts.tables[0])
    facts = extract(parse("DROP TABLE customers", "postgres"), clinic("postgres"))
    assert facts.gaps == (
        Gap(code="unsupported_statement", what="drop", help="send a SELECT; this subject may only read"),
    )


def test_no_literal_is_in_the_facts() -> None:
    """Facts travel into decisions and logs: they hold names only."""
    sql = "SELECT 'CANARY-1', \"CANARY-2\" FROM customers WHERE name IN ('CANARY-3') OR ssn = 'CANARY-4'"
    facts = extract(parse(sql, "sqlite"), clinic("sqlite"))
    assert "CANARY" not in repr(facts)


def test_a_refused_text_has_no_facts() -> None:
    """What cannot be parsed never reaches the facts."""
    with pytest.raises(ParseError):
        extract(parse("SELECT 1; SELECT 2", "postgres"), clinic("postgres"))
