"""Masks whose form follows the row: the first case that holds, else the mask; on real engines, both ways, proved."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from msgspec import structs

from guard.errors import AccessDeniedError
from guard.model import And, Compare, Decision, In, InTable, IsNull, Mask, MaskCase, Not, Predicate, RowFilter
from guard.policy.enforce import enforce, enforce_text
from guard.policy.enforce import wrap as wrapping
from guard.policy.enforce.golden import GOLDEN
from guard.policy.enforce.prove import prove
from guard.policy.enforce.splice import fragments
from guard.policy.enforce.splice.short_way import short_way
from guard.policy.facts import extract
from guard.sql.parse import parse, read
from tests.policy.enforce import golden_world
from tests.policy.enforce.conftest import Worlds
from tests.policy.enforce.world import MASKED_TEXT, OPEN, SECRETS, catalogue, decision_on, mask_sql

HIDE = (MaskCase(Compare("id", "le", 1), "null"), MaskCase(In("id", (1, 3)), "redact"))
SHOW = (
    MaskCase(And((Compare("id", "ge", 3), Not(Compare("name", "eq", "usr-55")))), ""),
    MaskCase(IsNull("region"), ""),
    MaskCase(Compare("id", "ge", 1), "redact"),
)
QUERIES = (
    "SELECT id, ssn FROM customers ORDER BY id",
    "SELECT c.ssn, count(*) AS n FROM customers AS c GROUP BY c.ssn ORDER BY n, c.ssn",
    "SELECT o.id FROM orders AS o JOIN customers AS c ON c.id = o.customer_id WHERE c.ssn = 'SSN-CANARY-3'",
    "SELECT id FROM customers WHERE ssn LIKE 'SSN-CAN%' ORDER BY ssn, id",
    "SELECT id FROM customers WHERE ssn IS NULL ORDER BY id",
    "WITH x AS (SELECT max(ssn) AS m, region FROM customers GROUP BY region) SELECT m FROM x",
)


def owed(sql: str, dialect: str, cases: tuple[MaskCase, ...], default: str = "redact") -> Decision:
    """The policy of the world, with cases on the mask of `ssn`."""
    plain = decision_on(parse(sql, dialect), dialect)
    duties = [
        structs.replace(duty, cases=cases, transform=default)
        if isinstance(duty, Mask) and duty.column == "ssn"
        else duty
        for duty in plain.obligations
    ]
    return structs.replace(plain, obligations=tuple(duties))


def texts(sql: str, dialect: str, cases: tuple[MaskCase, ...], default: str = "redact") -> list[str]:
    """The enforced text by the long way, and by the short one where the dialect has it."""
    made, known = owed(sql, dialect, cases, default), catalogue(dialect)
    found = [enforce(parse(sql, dialect), known, made, mask_sql).sql]
    if dialect in {"postgres", "duckdb"}:
        assert short_way(*read(sql, dialect), known, made, mask_sql) is not None, sql
        found.append(enforce_text(*read(sql, dialect), known, made, mask_sql).query.sql)
    return found


def test_the_first_case_that_holds_gives_the_form(worlds: Worlds) -> None:
    """Row by row: hidden where a case hides, as it is where one shows, the mask where none holds."""
    sql = "SELECT id, ssn FROM customers ORDER BY id"
    real = {i: ssn for (i, _, _), (ssn, _) in zip(OPEN, SECRETS["left"], strict=True)}
    for cases, default, wanted in (
        (HIDE, "redact", {1: None, 3: MASKED_TEXT, 5: MASKED_TEXT, 7: MASKED_TEXT}),
        (HIDE[::-1], "null", {1: MASKED_TEXT, 3: MASKED_TEXT, 5: None, 7: None}),
        (SHOW, "null", {1: MASKED_TEXT, 3: real[3], 5: MASKED_TEXT, 7: real[7]}),
    ):
        for text in texts(sql, worlds.dialect, cases, default):
            assert dict(worlds.left.ask(text).rows) == wanted


@pytest.mark.parametrize("sql", QUERIES)
def test_nothing_of_a_hidden_cell_shows(worlds: Worlds, sql: str) -> None:
    """Two databases that differ in hidden rows and masked cells answer alike, by either way."""
    for text in texts(sql, worlds.dialect, HIDE):
        left = worlds.left.ask(text)
        assert left == worlds.right.ask(text)
        assert left.error == ""
        assert "CANARY" not in left.text()


REFUSED: dict[str, tuple[Predicate, str]] = {
    "missing": (Compare("consent", "eq", True), "names `consent`, which"),
    "type": (Compare("id", "eq", "x"), "a value that its type cannot hold"),
    "other table": (InTable("region", "acl", "region"), "reads another table"),
    "nested": (Not(InTable("region", "acl", "region")), "reads another table"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_condition_that_cannot_be_said_denies(name: str) -> None:
    """A column that is not there, a value of another type, another table: refused, not left out."""
    when, told = REFUSED[name]
    sql = "SELECT ssn FROM customers"
    with pytest.raises(AccessDeniedError, match=told):
        enforce(parse(sql, "duckdb"), catalogue("duckdb"), owed(sql, "duckdb", (MaskCase(when, ""),)), mask_sql)


def _swapped(text: str) -> str:
    return text.replace('"guard_t"."id" <= 1', '"guard_t"."id" >= 1')


@pytest.mark.parametrize("dialect", ["postgres", "duckdb"])
def test_the_proof_finds_a_case_that_is_not_the_decision_s(dialect: str) -> None:
    """Another condition, a case left out, a cell shown where its case hides it, another column in its place."""
    sql = "SELECT id, ssn FROM customers"
    made, known = owed(sql, dialect, HIDE), catalogue(dialect)
    text = enforce(parse(sql, dialect), known, made, mask_sql).sql
    prove(text, known, made)
    hidden = "THEN CAST(NULL AS TEXT)"
    assert hidden in text
    for broken in (_swapped(text), text.replace(hidden, 'THEN "guard_t"."ssn"')):
        assert broken != text
        with pytest.raises(AccessDeniedError, match="could not be proved"):
            prove(broken, known, made)
    for cases in (HIDE[:1], (*HIDE, HIDE[0]), ()):
        if cases:
            with pytest.raises(AccessDeniedError, match="could not be proved"):
                prove(text, known, owed(sql, dialect, cases))
    showing = owed(sql, dialect, SHOW, "null")
    shown = enforce(parse(sql, dialect), known, showing, mask_sql).sql
    with pytest.raises(AccessDeniedError, match="could not be proved"):
        prove(shown.replace('THEN "guard_t"."ssn"', 'THEN "guard_t"."notes"'), known, showing)


@pytest.mark.parametrize("dialect", ["postgres", "duckdb", "sqlite", "mysql"])
def test_a_rewriter_that_shows_too_much_is_refused(dialect: str) -> None:
    """A seeded fault in the wrap: every case shows the column."""
    sql = "SELECT id, ssn FROM customers"
    fragments.forget()
    with (
        mock.patch.object(wrapping, "_case", lambda _case, _mask, own, *_: own.copy()),
        pytest.raises(AccessDeniedError, match="could not be proved"),
    ):
        enforce(parse(sql, dialect), catalogue(dialect), owed(sql, dialect, HIDE), mask_sql)
    fragments.forget()


@pytest.mark.parametrize("dialect", GOLDEN)
def test_dialects_without_an_engine_write_the_cases(dialect: str) -> None:
    """One CASE in each wrap, in the dialect's own words, also where values stand behind the filter."""
    known = golden_world.catalogue(dialect)
    customers = known.tables[0]
    name = {column.name.lower(): column.name for column in customers.columns}
    cases: Any = (MaskCase(Compare(name["id"], "eq", 7), "null"), MaskCase(Compare(name["id"], "lt", 3), ""))
    for sql in ("SELECT ssn FROM customers", "SELECT ssn FROM customers WHERE abs(id) > 3"):
        statement = parse(sql, dialect)
        duties = (
            RowFilter(customers.name, Compare(name["region"], "eq", "EU"), "rows"),
            Mask(customers.name, name["ssn"], "redact", {}, "mask", cases),
        )
        made = Decision("d", "allow", "a", "t", obligations=duties, facts=extract(statement, known), revision="1")
        text = enforce(statement, known, made, golden_world.Masks(purpose="test")).sql
        assert (text.count(" = 7"), text.count(" < 3"), text.count("[redacted]")) == (1, 1, 1)
