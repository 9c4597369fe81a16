"""The short way: the same meaning as the long one, a proof that catches every seeded fault, one text for each shape."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guard.errors import AccessDeniedError
from guard.model import Decision, MaxRows
from guard.policy.enforce import enforce_text
from guard.policy.enforce.prove import prove
from guard.policy.enforce.splice import short_way as way
from guard.policy.enforce.splice.prove_tokens import Claim, prove_tokens
from guard.policy.enforce.splice.short_way import short_way
from guard.sql.lexed import shape_of
from guard.sql.parse import lex, read
from tests.policy.enforce.world import catalogue, decision, mask_sql, obligations

SQL = (
    "WITH x AS (SELECT id, ssn FROM customers WHERE id > 1) "
    "SELECT lower(x.ssn) AS s, count(*) AS n FROM x, orders AS o WHERE o.id = x.id GROUP BY x.ssn"
)


def allowed(dialect: str = "postgres") -> Decision:
    return decision(dialect, owed=(*obligations(dialect, "entitlement"), MaxRows(5, "rows.max")))


def proved(sql: str, dialect: str = "postgres") -> tuple[str, list[Claim]]:
    """What the proof is given for a statement on the short way."""
    given: list[tuple[str, list[Claim]]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(way, "prove_tokens", lambda text, claims, *_: given.append((text, list(claims))))
        assert short_way(*read(sql, dialect), catalogue(dialect), allowed(dialect), mask_sql) is not None
    return given[0]


FAULTS = {
    "table beside the wraps": (' FROM "guard_cte_0"', ' FROM "public"."customers", "guard_cte_0"'),
    "table by a comma": (' AS "o"', ' AS "o", "customers"'),
    "table by a join": (' AS "o"', ' AS "o" CROSS JOIN "customers"'),
    "table in parentheses": (' AS "o"', ' AS "o", ("customers" JOIN "orders" ON TRUE)'),
    "table in a subquery": ("GROUP BY", 'AND EXISTS (SELECT 1 FROM "customers") GROUP BY'),
    "table behind a union": (" LIMIT 5", ' UNION ALL SELECT "ssn", 1 FROM "customers" LIMIT 5'),
    "the TABLE statement": (" LIMIT 5", ' UNION ALL TABLE "customers" LIMIT 5'),
    "table of a list": ("GROUP BY", 'AND 1 IN "customers" GROUP BY'),
    "only a table": (' AS "o"', ' AS "o" JOIN ONLY ("customers") ON TRUE'),
    "a file": (' AS "o"', " AS \"o\", '/etc/passwd'"),
    "a common table expression that is not there": (' FROM "guard_cte_0"', ' FROM "guard_cte_9"'),
    "the user's own name of it": (' FROM "guard_cte_0"', ' FROM "x"'),
    "a name without quotes": (' FROM "guard_cte_0"', " FROM customers"),
    "a schema before a reserved name": (' FROM "guard_cte_0"', ' FROM "guard_cte_0"."customers"'),
    "function without its schema": ("pg_catalog.lower", "lower"),
    "function of another schema": ("pg_catalog.lower", '"public".lower'),
    "unreviewed function": ("pg_catalog.lower", "pg_catalog.query_to_xml"),
    "a function as a relation": (' FROM "guard_cte_0"', ' FROM pg_catalog.query_to_xml("a"), "guard_cte_0"'),
    "a reviewed function as a relation": (' FROM "guard_cte_0"', ' FROM pg_catalog.lower("a"), "guard_cte_0"'),
    "a schema alone": ("pg_catalog.lower(", "pg_catalog.("),
    "quoted function": ("pg_catalog.lower(", 'pg_catalog."lower"('),
    "row limit raised": (" LIMIT 5", " LIMIT 6"),
    "row limit dropped": (" LIMIT 5", ""),
    "row limit inside": (" LIMIT 5", ' UNION ALL (SELECT "a", 1 FROM "guard_cte_0" LIMIT 5)'),
    "second statement": (" LIMIT 5", " LIMIT 5; SELECT 1 LIMIT 5"),
    "lock": (" LIMIT 5", " FOR UPDATE LIMIT 5"),
    "into": ("SELECT pg_catalog", "SELECT 1 INTO y, pg_catalog"),
    "a comment": (" LIMIT 5", " /* LIMIT 5"),
    "an open parenthesis": (" LIMIT 5", " ( LIMIT 5"),
    "an operator by name": (" LIMIT 5", " OPERATOR(public.=) 1 LIMIT 5"),
    "a dollar-quoted text": (" LIMIT 5", " || $$x$$ LIMIT 5"),
    "a wrap of the wrong kind": ("GROUP BY", "AND guard_w GROUP BY"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_refused(fault: str) -> None:
    """A text with this fault around its wraps does not pass the proof."""
    good, claims = proved(SQL)
    old, new = FAULTS[fault]
    at = good.rindex(old)
    bad = good[:at] + new + good[at + len(old) :]
    moved = [each if each.end <= at else _moved(each, len(new) - len(old)) for each in claims]
    prove_tokens(good, claims, catalogue("postgres"), allowed())
    with pytest.raises(AccessDeniedError, match="could not be proved"):
        prove_tokens(bad, moved, catalogue("postgres"), allowed())


def _moved(claim: Claim, by: int) -> Claim:
    return replace(claim, start=claim.start + by, end=claim.end + by)


def test_a_wrap_that_is_not_the_proved_one_is_refused() -> None:
    """A changed wrap, one claimed where it is not, and one that nobody claims do not pass."""
    good, claims = proved(SQL)
    known, owed = catalogue("postgres"), allowed()
    first = claims[0]
    for wrong in (
        claims[1:],
        [replace(first, start=first.start + 1), *claims[1:]],
        [replace(first, head=first.head + " "), *claims[1:]],
        [_moved(each, 1) for each in claims],
        [*claims, claims[-1]],
    ):
        with pytest.raises(AccessDeniedError, match="could not be proved"):
            prove_tokens(good, wrong, known, owed)
    changed = good.replace('"guard_t"."id" AS "id"', '"guard_t"."ssn" AS "id"', 1)
    with pytest.raises(AccessDeniedError, match="could not be proved"):
        prove_tokens(changed, claims, known, owed)


@pytest.mark.parametrize(
    "condition", [' AND "guard_t"."ssn" = \'1\'', ' OR "guard_t"."id" = 1', " OR TRUE", ' AND 1 / "guard_t"."id" > 0']
)
def test_a_condition_in_a_wrap_that_tells_of_more_than_visible_columns_is_refused(condition: str) -> None:
    """Inside a wrap stand only comparisons of columns that the subject sees with literals."""
    good, claims = proved("SELECT id FROM customers WHERE 1 / id > 0 AND id = 7")
    claim = claims[0]
    assert claim.condition == ' AND "guard_t"."id" = 7'
    text = good[: claim.start] + claim.head + condition + claim.tail + good[claim.end :]
    end = claim.end + len(condition) - len(claim.condition)
    with pytest.raises(AccessDeniedError, match="holds a condition"):
        prove_tokens(text, [replace(claim, condition=condition, end=end)], catalogue("postgres"), allowed())


def test_a_filter_without_its_fence_is_refused_where_something_can_fail() -> None:
    """The need is read off the text."""
    good, claims = proved("SELECT id FROM customers WHERE 1 / id > 0")
    bare = [replace(each, proved=replace(each.proved, fenced=False)) for each in claims]
    with pytest.raises(AccessDeniedError, match="without its fence"):
        prove_tokens(good, bare, catalogue("postgres"), allowed())
    harmless, claims = proved("SELECT id FROM customers WHERE id > 0")
    assert not claims[0].proved.fenced
    prove_tokens(harmless, claims, catalogue("postgres"), allowed())


SHORT = (
    "SELECT id, name FROM customers",
    "SELECT c.*, o.id FROM customers AS c JOIN orders o ON o.id = c.id",
    "select /* FROM secrets */ NAME from customers where ID in (1,2,3) and region='EU' -- x",
    "SELECT count(*) AS \"N\" FROM customers WHERE region IS DISTINCT FROM 'EU' LIMIT 3",
    "SELECT extract(year FROM CAST('2024-01-01' AS date)) AS y FROM customers",
    "SELECT id FROM customers UNION SELECT id FROM orders ORDER BY 1",
    "WITH customers AS (SELECT id FROM customers) SELECT id FROM customers",
    "WITH RECURSIVE r AS (SELECT id FROM orders UNION ALL SELECT r.id + 1 FROM r WHERE r.id < 5) SELECT id FROM r",
    "SELECT id FROM customers WHERE EXISTS (SELECT 1 FROM orders WHERE orders.id = customers.id)",
    "SELECT id FROM (SELECT id FROM customers) AS d",
)


@pytest.mark.parametrize("sql", SHORT)
@pytest.mark.parametrize("dialect", ["postgres", "duckdb"])
def test_ordinary_statements_go_the_short_way_and_pass_the_proof_of_the_long_one(sql: str, dialect: str) -> None:
    """The whole proof, which parses the text anew, holds for it too."""
    owed = decision(dialect, owed=obligations(dialect, "constant"))
    duties = tuple(each for each in owed.obligations if "customers" in sql)
    owed = decision(dialect, owed=duties)
    known = catalogue(dialect)
    done = short_way(*read(sql, dialect), known, owed, mask_sql)
    assert done is not None
    assert "secrets" not in done.query.sql
    prove(done.query.sql, known, owed)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM customers WHERE id = $1",
        "SELECT ssn(c) FROM customers c",
        "SELECT id FROM public.customers WHERE public.customers.id = 1",
        "SELECT id FROM (customers JOIN orders USING (id)) AS j",
        "SELECT E'a\\n' FROM customers",
        "SELECT id::string FROM customers",
        "SELECT len(name) FROM customers",
        "SELECT * EXCLUDE (id) FROM customers",
        "SELECT id FROM customers WHERE 'a' 'b' = name",
    ],
)
def test_what_is_not_ordinary_goes_the_long_way(sql: str) -> None:
    """Other spellings that an engine could read otherwise than guard never reach it as they are."""
    try:
        tree, lexed = read(sql, "postgres")
    except AccessDeniedError:
        return
    assert short_way(tree, lexed, catalogue("postgres"), decision("postgres"), mask_sql) is None


PAIRS = (
    ("SELECT id FROM customers WHERE id = 7", "SELECT id FROM customers WHERE id = 12345"),
    ("SELECT id FROM customers WHERE id IN (1, 2)", "SELECT id FROM customers WHERE id IN (30, 40)"),
    (
        "SELECT id FROM customers WHERE name BETWEEN 'a' AND 'b' AND 1 / id > 0",
        "SELECT id FROM customers WHERE name BETWEEN 'it''s' AND '' AND 1 / id > 0",
    ),
)


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("dialect", ["postgres", "duckdb"])
def test_statements_of_one_shape_get_the_text_that_each_would_have_got(first: str, second: str, dialect: str) -> None:
    """The values stand wherever the statement's own stood, also inside of a wrap."""
    known, owed = catalogue(dialect), decision(dialect, owed=obligations(dialect, "entitlement"))
    done = enforce_text(*read(first, dialect), known, owed, mask_sql)
    one, other = shape_of(lex(first, dialect)), shape_of(lex(second, dialect))
    assert one.key == other.key
    assert done.template is not None
    assert done.template.filled(one.values) == done.query.sql
    assert done.template.filled(other.values) == enforce_text(*read(second, dialect), known, owed, mask_sql).query.sql


APART = (
    ("SELECT id FROM customers ORDER BY 1", "SELECT id FROM customers ORDER BY 2"),
    ("SELECT id FROM customers LIMIT 1", "SELECT id FROM customers LIMIT 2"),
    ("SELECT id FROM customers WHERE name LIKE 'a'", "SELECT id FROM customers WHERE name LIKE 'b'"),
    ("SELECT id FROM customers WHERE id = 1", "SELECT id FROM customers WHERE id = '1'"),
    ("SELECT id FROM customers WHERE id = 1", "SELECT id FROM customers WHERE id = 1.5"),
    ("SELECT id FROM customers WHERE id = 1 + 1", "SELECT id FROM customers WHERE id = 1 + 2"),
    ("SELECT id FROM customers WHERE id = 1 + 1", "SELECT id FROM customers WHERE id = 2 + 1"),
    ("SELECT id FROM customers WHERE id = 1::int", "SELECT id FROM customers WHERE id = 2::int"),
    ("SELECT substr(name, 1, 2) FROM customers", "SELECT substr(name, 3, 4) FROM customers"),
    ("SELECT id FROM customers WHERE d > DATE '2024-01-01'", "SELECT id FROM customers WHERE d > DATE '2025-01-01'"),
    ("SELECT id FROM customers WHERE d > INTERVAL '1 d'", "SELECT id FROM customers WHERE d > INTERVAL '2 d'"),
    ("SELECT id FROM customers WHERE j -> 'a' = 'b'", "SELECT id FROM customers WHERE j -> 'c' = 'b'"),
    ("SELECT id FROM customers WHERE name = 'a'", "SELECT id FROM customers WHERE name = 'a\\'"),
    ("SELECT id FROM customers WHERE id IN (1)", "SELECT id FROM customers WHERE id IN (1, 2)"),
    ("SELECT x'ab' FROM customers", "SELECT ab FROM customers"),
    ('SELECT "ID" FROM customers', "SELECT ID FROM customers"),
)


@pytest.mark.parametrize(("first", "second"), APART)
def test_what_a_decision_could_hang_on_is_part_of_the_shape(first: str, second: str) -> None:
    """Positions, bounds, patterns, units, types, paths and kinds of literals tell shapes apart."""
    assert shape_of(lex(first, "postgres")).key != shape_of(lex(second, "postgres")).key
