"""The proof catches every fault that the rewriter could make: each is seeded into the text, and refused."""

from __future__ import annotations

import re

import pytest

from guard.errors import AccessDeniedError
from guard.model import Compare, In, InTable, IsNull, MaxRows, Not, Or, RowFilter
from guard.policy.enforce import enforce
from guard.policy.enforce.prove import prove
from guard.sql.parse import parse
from tests.policy.enforce.world import catalogue, decision, mask_sql, obligations

SQL = (
    "WITH x AS (SELECT id, ssn FROM customers WHERE id > 1) SELECT lower(x.ssn), count(*) FROM x GROUP BY x.ssn LIMIT 7"
)

FAULTS = {
    "filter dropped": (r' WHERE \("guard_t"\."region" = CAST\(\'EU\' AS TEXT\)\)', ""),
    "filter of another value": (r"'EU'", "'US'"),
    "filter on another column": (r'"guard_t"\."region" =', '"guard_t"."name" ='),
    "filter weakened": (r"\(\"guard_t\"\.\"region\" = CAST\('EU' AS TEXT\)\)", "(TRUE OR TRUE)"),
    "filter beside an OR": (r"CAST\('EU' AS TEXT\)\)", "CAST('EU' AS TEXT)) OR TRUE"),
    "mask skipped": (r'CAST\(CASE WHEN .*? END AS TEXT\) AS "ssn"', '"guard_t"."ssn" AS "ssn"'),
    "columns exchanged": (r'"guard_t"\."id" AS "id"', '"guard_t"."ssn" AS "id"'),
    "masked column through another": (r'"guard_t"\."id" AS "id"', 'CAST("guard_t"."ssn" AS TEXT) AS "id"'),
    "a column that is not there": (r'"guard_t"\."id" AS "id"', '"guard_t"."id" AS "oid_"'),
    "star in the wrap": (r'SELECT "guard_t"\."id" AS "id", CAST\(.*? END AS TEXT\) AS "ssn"', 'SELECT *'),
    "table without a wrap": (r'\(SELECT "guard_t".*?\)\) AS "customers"', '"public"."customers" AS "customers"'),
    "table without its schema": (r'"public"\."customers" AS "guard_t"', '"customers" AS "guard_t"'),
    "unknown table": (r'"public"\."customers"', '"public"."salaries"'),
    "another table": (r'"public"\."customers"', '"public"."orders"'),
    "a relation that nobody defined": (r'FROM "guard_cte_0"', 'FROM "guard_cte_9"'),
    "a relation by the user's name": (r'FROM "guard_cte_0" AS', 'FROM "x" AS'),
    "function without its schema": (r"pg_catalog\.LOWER", "LOWER"),
    "function of another schema": (r"pg_catalog\.LOWER", "public.LOWER"),
    "unreviewed function": (r"pg_catalog\.LOWER", "pg_catalog.pg_read_file"),
    "join inside the wrap": (r'AS "guard_t" WHERE', 'AS "guard_t" CROSS JOIN "public"."orders" AS "guard_t" WHERE'),
    "row limit raised": (r"LIMIT 5", "LIMIT 6"),
    "row limit dropped": (r" LIMIT 5", ""),
    "second statement": (r"$", "; SELECT 1"),
    "not a query": (r"^", "EXPLAIN "),
    "lock": (r"$", " FOR UPDATE"),
    "not parsable": (r"$", " )"),
}  # fmt: skip


def enforced() -> str:
    owed = decision("postgres", owed=(*obligations("postgres", "constant"), MaxRows(5, "rows.max")))
    return enforce(parse(SQL, "postgres"), catalogue("postgres"), owed, mask_sql).sql


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_refused(fault: str) -> None:
    """A text with this fault does not pass the proof, and the refusal says that guard is at fault."""
    pattern, replacement = FAULTS[fault]
    good = enforced()
    bad = re.sub(pattern, replacement, good, count=1)
    assert bad != good
    owed = decision("postgres", owed=(*obligations("postgres", "constant"), MaxRows(5, "rows.max")))
    prove(good, catalogue("postgres"), owed)
    with pytest.raises(AccessDeniedError, match="could not be proved"):
        prove(bad, catalogue("postgres"), owed)


def test_an_uncounted_group_is_refused() -> None:
    """A minimum group that is not in the text, or is too small in it, does not pass."""
    known, owed = catalogue("postgres"), decision("postgres", "minimum_group")
    good = enforce(
        parse("SELECT region, count(*) FROM customers GROUP BY region", "postgres"), known, owed, mask_sql
    ).sql
    prove(good, known, owed)
    for bad in (
        good.replace(">= 3", ">= 2"),
        re.sub(r" HAVING .*$", "", good),
        good.replace("HAVING", "HAVING TRUE OR"),
    ):
        with pytest.raises(AccessDeniedError, match="could not be proved"):
            prove(bad, known, owed)


def test_a_late_filter_is_read_back_and_a_weaker_case_is_not() -> None:
    """DuckDB gets `CASE WHEN filter THEN TRUE END` beside a key; any other arm or default would let rows pass."""
    known, owed = catalogue("duckdb"), decision("duckdb", owed=obligations("duckdb", "constant"))
    good = enforce(parse("SELECT id FROM customers WHERE id = 3", "duckdb"), known, owed, mask_sql).sql
    late = 'CASE WHEN ("guard_t"."region" = CAST(\'EU\' AS TEXT)) THEN TRUE END'
    assert late in good
    prove(good, known, owed)
    for arm in ("END", "THEN TRUE END", "WHEN ("):
        weaker = {
            "END": late.replace("END", "ELSE TRUE END"),
            "THEN TRUE END": late.replace("THEN TRUE END", "WHEN TRUE THEN TRUE END"),
            "WHEN (": late.replace("WHEN (", "WHEN TRUE OR ("),
        }[arm]
        with pytest.raises(AccessDeniedError, match="could not be proved"):
            prove(good.replace(late, weaker), known, owed)


@pytest.mark.parametrize("dialect", ["postgres", "duckdb", "sqlite"])
def test_a_missing_or_a_weaker_fence_is_refused(dialect: str) -> None:
    """Where something can fail on a value, the wrap's fence must be there, and must be nothing but a fence."""
    known, owed = catalogue(dialect), decision(dialect, owed=obligations(dialect, "entitlement"))
    good = enforce(parse("SELECT id FROM customers WHERE 1 / id > 0", dialect), known, owed, mask_sql).sql
    prove(good, known, owed)
    fence = " LIMIT -1 OFFSET 0" if dialect == "sqlite" else " OFFSET 0"
    assert fence in good
    for weaker in ("", " LIMIT 3 OFFSET 0", " OFFSET 1"):
        with pytest.raises(AccessDeniedError, match="without its fence"):
            prove(good.replace(fence, weaker), known, owed)
    harmless = enforce(parse("SELECT id FROM customers WHERE id > 0", dialect), known, owed, mask_sql).sql
    prove(harmless.replace(fence, ""), known, owed)


PREDICATES = {
    "compare": Compare("id", "lt", -3),
    "in": In("region", ("EU", "it's", "\\")),
    "null": IsNull("region"),
    "not": Not(Compare("region", "eq", "US")),
    "or": Or((Compare("id", "eq", 1), Compare("region", "ne", "US"), IsNull("name"))),
    "entitlement": InTable("region", "acl", "region", Or((Compare("who", "eq", "me"), IsNull("who")))),
    "nested entitlement": InTable("region", "acl", "region", InTable("who", "orders", "memo", Compare("id", "gt", 1))),
    "empty in": In("region", ()),
}  # fmt: skip


@pytest.mark.parametrize("built", PREDICATES)
def test_a_filter_is_read_back_as_itself_and_as_no_other(built: str) -> None:
    """The proof accepts a filter exactly when it is the decision's."""
    for dialect in ("postgres", "duckdb", "sqlite"):
        known = catalogue(dialect)
        name = known.tables[0].name
        owed = decision(dialect, owed=(RowFilter(name, PREDICATES[built], "rows"),))
        sql = enforce(parse("SELECT id FROM customers", dialect), known, owed, mask_sql).sql
        for other, predicate in PREDICATES.items():
            if other != built:
                with pytest.raises(AccessDeniedError, match="could not be proved"):
                    prove(sql, known, decision(dialect, owed=(RowFilter(name, predicate, "rows"),)))
