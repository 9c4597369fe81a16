"""Masks that a rule's author writes: the grammar is closed, and every form of an expression says the same."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest
from sqlglot import exp

from guard.anonymize import registry
from guard.anonymize.mask_sql import Masks
from guard.errors import PlanError, TransformError
from guard.model import Mask, TableName
from guard.sql.masking import Parameters
from tests.anonymize.cases import COLUMNS, arrow
from tests.anonymize.engines import duckdb_run, postgres_runner, sqlite_run

DEEP = "left(" * 13 + "{col}" + ", 1)" * 13


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends too early"),
        ("{col}", "shows the column as it is"),
        ("concat('x', {col})", "shows the column as it is"),
        ("if(length({col}) > 3, 'x', {col})", "shows the column as it is"),
        ("{ssn}", "is not understood from character 1 on"),
        ("left(ssn, 1)", "has `ssn` where a text is needed"),
        ("lower({col})", "has `lower` where a text is needed"),
        ("pg_sleep(1)", "has `pg_sleep` where a text is needed"),
        ("left({col}, 1) || 'x'", "is not understood"),
        ("left({col}, 1); drop", "is not understood"),
        ("left({col}, 1) -- x", "goes on after its end"),
        ("left({col}, 1) /* x */", "is not understood"),
        ("(select 1)", "lacks a text"),
        ("left({col}, length({col}))", "lacks a literal number"),
        ("left({col}, -1)", "lacks a literal number"),
        ("left({col}, 1001)", "counts beyond 1000"),
        ("left({col}, 1e3)", "is not understood"),
        ("left({col})", "lacks a `,`"),
        ("left({col}, 1, 2)", "lacks a `)`"),
        ("substring({col}, 0, 2)", "counts characters from 0"),
        ("repeat('ab', 3)", "repeats what is not one character"),
        ("before({col}, '')", "looks for what is not a literal text"),
        ("before({col}, {col})", "looks for what is not a literal text"),
        ("if({col}, 'a', 'b')", "lacks a number"),
        ("if(length({col}) 3, 'a', 'b')", "lacks a comparison"),
        ("'back\\slash'", "is not understood"),
        ("'open", "is not understood"),
        (f"'{'x' * 201}'", "has a literal of more than 200 characters"),
        (f"'{'x' * 1200}'", "is longer than 1000 characters"),
        (DEEP, "is too large"),
        (f"concat({', '.join(['left({col}, 1)'] * 40)})", "is too large"),
        (f"{'right(' * 6}{{col}}{', 3)' * 6}", "takes parts of parts too often"),
    ],
)
def test_what_is_no_expression_is_refused(text: str, message: str) -> None:
    """Another column, another function, an operator, a comment, a statement, too much: none has a form."""
    with pytest.raises(PlanError) as caught:
        registry.params("expression", {"text": text})
    assert message in caught.value.message
    assert caught.value.help


@pytest.mark.parametrize("dialect", ["postgres", "duckdb", "sqlite", "mysql"])
def test_the_type_is_kept_or_there_is_no_form(dialect: str) -> None:
    """An expression makes texts, so a column of numbers has no form and the caller denies."""
    mask = Mask(TableName("t"), "c", "expression", {"text": "left({col}, 1)"})
    with pytest.raises(TransformError, match="no form for the type"):
        Masks()(mask, exp.column("c"), column_type="INTEGER", dialect=dialect, parameters=Parameters())
    given = registry.params("expression", mask.params)
    with pytest.raises(TransformError, match="no form for the type"):
        registry.find("expression").apply(pa.array([1]), given, None)


def grown(dice: random.Random, depth: int) -> str:
    """A text of the grammar, as often refused for showing the column as not."""
    if depth == 0:
        return dice.choice(["{col}", "'x'", "'张''三'", "''"])
    inner = grown(dice, depth - 1)
    number = dice.choice([f"length({inner})", f"length({inner}) - {dice.randrange(4)}", str(dice.randrange(4))])
    needle = dice.choice(["'1'", "'@'", "'张'", "'ab'"])
    test = dice.choice(
        [f"{number} >= {dice.randrange(12)}", f"contains({inner}, {needle})", f"starts_with({inner}, '1')"]
    )
    return dice.choice(
        [
            f"concat({inner}, {grown(dice, depth - 1)})",
            f"left({inner}, {dice.randrange(5)})",
            f"right({inner}, {dice.randrange(5)})",
            f"substring({inner}, {dice.randrange(1, 4)}, {dice.randrange(4)})",
            f"before({inner}, {needle})",
            f"after({inner}, {needle})",
            f"repeat('*', {number})",
            f"if({test}, {inner}, {grown(dice, depth - 1)})",
        ]
    )


@pytest.mark.postgres
def test_grown_expressions_say_the_same_everywhere(postgres: Any) -> None:
    """Expressions grown from fixed seeds give in DuckDB, SQLite and PostgreSQL what the Arrow form gives."""
    values, seen = arrow(COLUMNS["text"]), 0
    run = postgres_runner(postgres.create_database())
    for seed in range(160):
        text = grown(random.Random(seed), 3)
        try:
            given = registry.params("expression", {"text": text})
        except PlanError:
            continue
        seen += 1
        expected = registry.find("expression").apply(values, given, None).to_pylist()
        mask = Mask(TableName("t"), "c", "expression", {"text": text})
        for dialect, runner in (("duckdb", duckdb_run), ("sqlite", sqlite_run), ("postgres", run)):
            bound = Parameters()
            made = Masks()(mask, exp.column("c"), column_type="TEXT", dialect=dialect, parameters=bound)
            assert runner(values, "TEXT", made, bound) == expected, (dialect, text)
    assert seen > 80
