"""The database changed behind guard's back, or a filter meets a name of the user's: never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from guard.errors import AccessDeniedError
from guard.policy.enforce import enforce
from guard.sql.parse import parse
from tests.policy.enforce.world import Database, Duck, Lite, catalogue, decision_on, mask_sql


@pytest.fixture(params=[Duck, Lite])
def fresh(request: pytest.FixtureRequest) -> Iterator[Duck | Lite]:
    """A database that a test may alter."""
    with closing(request.param("left")) as opened:
        yield opened


def enforced(sql: str, dialect: str, policy: str = "constant") -> str:
    statement = parse(sql, dialect)
    owed = decision_on(statement, dialect, policy)
    if owed.facts is not None and owed.facts.gaps:
        raise AccessDeniedError(owed.facts.gaps[0].what)
    return enforce(statement, catalogue(dialect), owed, mask_sql).sql


def answer(world: Database, sql: str, policy: str = "constant") -> tuple[tuple[str, ...], int, str]:
    seen = world.ask(enforced(sql, world.dialect, policy))
    return seen.columns, len(seen.rows), seen.error


def test_a_column_that_was_added_is_in_no_answer(fresh: Duck | Lite) -> None:
    """A star means the columns that guard knows; the new one by its name is refused."""
    fresh.ask("ALTER TABLE customers ADD COLUMN card TEXT DEFAULT 'CARD-CANARY'")
    assert answer(fresh, "SELECT * FROM customers") == (("id", "name", "ssn", "region", "notes"), 4, "")
    with pytest.raises(AccessDeniedError):
        enforced("SELECT card FROM customers", fresh.dialect)


def test_a_table_that_was_renamed_answers_nothing(fresh: Duck | Lite) -> None:
    """The old name is gone in the engine, and guard does not know the new one."""
    fresh.ask("ALTER TABLE customers RENAME TO clients")
    columns, rows, error = answer(fresh, "SELECT id FROM customers")
    assert (columns, rows, bool(error)) == ((), 0, True)
    with pytest.raises(AccessDeniedError):
        enforced("SELECT id FROM clients", fresh.dialect)


def test_a_table_that_was_swapped_for_one_of_other_columns_answers_nothing(fresh: Duck | Lite) -> None:
    """The wrap names the columns that guard knows, and the table in their place does not have them."""
    fresh.ask("ALTER TABLE orders RENAME TO old_orders")
    fresh.ask("ALTER TABLE customers RENAME TO orders")
    columns, rows, error = answer(fresh, "SELECT * FROM orders")
    assert (columns, rows, bool(error)) == ((), 0, True)  # its columns are not those that guard knows


@pytest.mark.parametrize("alias", ["acl", "guard_x", "region", "who", "customers"])
def test_a_filter_captures_no_alias(fresh: Duck | Lite, alias: str) -> None:
    """Inside the wrap every name is qualified by a reserved alias, so the user's alias changes nothing."""
    sql = f"SELECT {alias}.id FROM customers AS {alias} WHERE {alias}.region = 'EU'"
    assert answer(fresh, sql, "entitlement") == (("id",), 4, "")
