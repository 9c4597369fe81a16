"""Minimum groups: which shapes are proved, and that no other answers."""

from __future__ import annotations

import pytest

from guard.errors import AccessDeniedError
from guard.policy.enforce import enforce
from guard.sql.parse import parse
from tests.policy.enforce.conftest import Worlds
from tests.policy.enforce.world import catalogue, decision_on, mask_sql

REFUSED = {
    "SELECT name FROM customers": "shows single rows",
    "SELECT DISTINCT region FROM customers": "shows single rows",
    "SELECT max(name) FROM customers": "uses `max`",
    "SELECT sum(id * 2) FROM customers": "aggregates an expression",
    "SELECT sum(x) FROM (SELECT CASE WHEN id = 1 THEN 5 END AS x FROM customers) t": "",
    "SELECT count(*) FROM customers c JOIN orders o ON o.customer_id = c.id": "joins tables",
    "SELECT count(*) FROM customers WHERE 1 / id > 0": "can fail on a value",
    "SELECT 1 / id, count(*) FROM customers GROUP BY 1 / id": "can fail on a value",
    "SELECT count(*) FROM customers HAVING 1 / count(*) > 0": "HAVING that can fail",
    "SELECT count(*) OVER () FROM customers": "window",
    "SELECT count(*) FROM (SELECT id FROM customers LIMIT 3) t": "",
    "SELECT count(*) FROM customers WHERE id IN (SELECT id FROM customers WHERE name = 'usr-11')": "shows single rows",
    "SELECT count(*) FROM customers UNION ALL SELECT id FROM orders": "shows single rows",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT count(*) FROM t": "recursive",
    "SELECT region, (SELECT name FROM customers WHERE id = 1) FROM customers GROUP BY region": "",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_a_shape_that_is_not_proved_is_refused(sql: str) -> None:
    """The refusal says what about the statement stands in the way."""
    statement = parse(sql, "postgres")
    with pytest.raises(AccessDeniedError, match="a minimum group of 3 rows is required") as caught:
        enforce(statement, catalogue("postgres"), decision_on(statement, "postgres", "minimum_group"), mask_sql)
    assert REFUSED[sql] in caught.value.message


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT count(*) FROM customers", [(4,)]),
        ("SELECT count(*) FROM customers WHERE id < 4", []),
        ("SELECT region, sum(id) FROM customers GROUP BY region", [("EU", 16)]),
        ("SELECT id, count(*) FROM customers GROUP BY id", []),
        ("SELECT sum(amount), count(memo) FROM orders", [(150, 4)]),
        ("SELECT count(notes), count(*) FROM customers", [(None, 4)]),
        ("SELECT n * 2 FROM (SELECT count(*) AS n FROM customers WHERE region = 'EU') t", [(8,)]),
        ("WITH t AS (SELECT region AS r FROM customers) SELECT r, count(*) FROM t GROUP BY r ORDER BY 1", [("EU", 4)]),
        ("SELECT a.n + b.n FROM (SELECT count(*) AS n FROM customers) a, (SELECT count(*) AS n FROM orders) b", [(9,)]),
        ("SELECT count(*) FROM orders WHERE customer_id > (SELECT count(*) FROM customers)", []),
    ],
)
def test_groups_below_the_bound_do_not_exist(worlds: Worlds, sql: str, rows: list[tuple[object, ...]]) -> None:
    """Three rows at least stand behind everything that is shown."""
    statement = parse(sql, worlds.dialect)
    owed = decision_on(statement, worlds.dialect, "minimum_group")
    seen = worlds.left.ask(enforce(statement, catalogue(worlds.dialect), owed, mask_sql).sql)
    assert (seen.error, list(seen.rows)) == ("", rows)
