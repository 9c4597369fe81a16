"""The reviewed functions: each example runs on its engine by its full name, and the page lists them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.policy.enforce import enforce
from guard.policy.enforce.allowed import DIALECTS
from guard.policy.enforce.functions import calls, examples, qualify, reviewed
from guard.policy.enforce.functions_page import page
from guard.sql.parse import parse
from tests.policy.enforce.conftest import Worlds
from tests.policy.enforce.world import catalogue, decision, mask_sql

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "sql-functions.md"

# Reviewed for newer servers than the one that Debian 12 ships, or (`now`) in need of a time-zone package to be fetched.
NEWER = {
    "postgres": {"regexp_like", "regexp_count", "regexp_substr"},
    "duckdb": {"now"},
    "sqlite": {"string_agg"},
    "mysql": set(),
}


def test_every_example_runs_by_its_full_name(worlds: Worlds) -> None:
    """No reviewed function is misspelt, missing, or broken by being called through its schema."""
    known, failed = catalogue(worlds.dialect), {}
    for _, name, example in examples(worlds.dialect):
        place = f"SELECT * FROM {example}" if name in {"json_each", "json_tree"} else f"SELECT {example}"
        sql = enforce(parse(place, worlds.dialect), known, decision(worlds.dialect, owed=()), mask_sql).sql
        seen = worlds.left.ask(sql)
        if seen.error and name not in NEWER[worlds.dialect]:
            failed[name] = (sql, seen.error)
    assert failed == {}


def test_the_page_is_generated_from_the_lists() -> None:
    """docs/reference/sql-functions.md says what the lists say."""
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_function_that_reaches_outside_is_reviewed(dialect: str) -> None:
    """Files, settings, sleeping, locks, sequences, SQL text and randomness stay out, whoever edits the lists."""
    words = (
        "read write file sleep lock setting config nextval setval query xml lo_ dblink getenv execute load random uuid"
    )
    words += " attach pragma sqlite_ pg_"
    names = {name for name in reviewed(dialect).names if not name.startswith("jsonb_path_query")}
    assert sorted(name for name in names if any(word in name for word in words.split())) == []


def test_qualifying_leaves_grammar_alone() -> None:
    """Only names that the search path would resolve get the schema of the built-ins."""
    sql = "SELECT LOWER(a), COALESCE(b, 1), CAST(c AS VARCHAR(3)), COUNT(*) FILTER(WHERE a IN (1)) FROM t"
    assert qualify(sql, "postgres") == (
        "SELECT pg_catalog.LOWER(a), COALESCE(b, 1), CAST(c AS VARCHAR(3)), "
        "pg_catalog.COUNT(*) FILTER(WHERE a IN (1)) FROM t"
    )


def test_a_call_is_seen_with_its_path_and_quotes() -> None:
    """`calls` reports what stands before every parenthesis."""
    seen = [(call.name, call.quoted, call.path) for call in calls('SELECT "x"(1), a.b.f(2), g(3) FROM t', "postgres")]
    assert seen == [("x", True, ()), ("f", False, ("a", "b")), ("g", False, ())]
