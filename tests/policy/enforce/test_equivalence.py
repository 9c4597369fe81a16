"""Generated queries: the enforced one on the whole database answers as the original on the masked one."""

from __future__ import annotations

import pytest

from guard.policy.enforce import enforce_text
from guard.sql.parse import read
from tests.policy.enforce.conftest import Worlds
from tests.policy.enforce.queries import Queries
from tests.policy.enforce.world import SCHEMA, Observation, catalogue, decision_on, mask_sql

QUERIES = 200


def bag(seen: Observation) -> list[str]:
    """The rows without their order, numbers of equal value being equal (a mean may be a Decimal)."""
    return sorted(
        repr([float(value) if isinstance(value, int | float) else str(value) for value in row]) for row in seen.rows
    )


def without_order(seen: Observation, sql: str) -> object:
    """What the client may rely on: a join without ORDER BY has no order, and the planner's choice shows table sizes."""
    return seen if "ORDER BY 1" in sql else (seen.columns, seen.types, bag(seen), seen.error, seen.notices)


@pytest.mark.parametrize("policy", ["constant", "entitlement"])
def test_enforced_queries_answer_as_over_the_masked_database(worlds: Worlds, policy: str) -> None:
    """Equivalence with the materialised database, and no difference between two databases that differ in secrets."""
    known, generator = catalogue(worlds.dialect), Queries(20261121)
    mismatches, differences, answered = [], [], 0
    for _ in range(QUERIES):
        sql = generator.next().replace("{schema}", SCHEMA[worlds.dialect])
        if worlds.dialect == "mysql":
            sql = sql.replace("FULL JOIN", "LEFT JOIN")  # MariaDB has no other
        statement, lexed = read(sql, worlds.dialect)
        enforced = enforce_text(statement, lexed, known, decision_on(statement, worlds.dialect, policy), mask_sql).query
        left, right, masked = worlds.left.ask(enforced.sql), worlds.right.ask(enforced.sql), worlds.masked.ask(sql)
        answered += bool(masked.rows)
        if without_order(left, sql) != without_order(right, sql):
            differences.append((sql, enforced.sql, left.text(), right.text()))
        if bool(left.error) != bool(masked.error) or bag(left) != bag(masked):
            mismatches.append((sql, enforced.sql, left.text()[:300], masked.text()[:300]))
    assert (mismatches[:3], differences[:3]) == ([], [])
    assert answered > QUERIES / 3  # a generator of empty answers would prove nothing
