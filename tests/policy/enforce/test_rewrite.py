"""What a rewritten statement looks like, and what is refused with which reason."""

from __future__ import annotations

import pytest

from guard.errors import AccessDeniedError
from guard.model import (
    Column,
    Compare,
    Dataset,
    Decision,
    In,
    InTable,
    Mask,
    MaxRows,
    Obligation,
    RowFilter,
    Table,
    TableName,
)
from guard.policy.enforce import enforce, review
from guard.sql.catalogue import Catalogue
from guard.sql.parse import parse
from tests.policy.enforce.world import catalogue, decision, facts_of, mask_sql

PEOPLE = TableName("customers", "public")


def rewritten(sql: str, *owed: Obligation, decided: Decision | None = None) -> str:
    verdict = decided or decision("postgres", owed=owed)
    return enforce(parse(sql, "postgres"), catalogue("postgres"), verdict, mask_sql).sql


def refusal(sql: str, *owed: Obligation) -> str:
    with pytest.raises(AccessDeniedError) as caught:
        rewritten(sql, *owed)
    assert caught.value.help
    return caught.value.message


def test_a_table_without_duties_is_still_read_by_its_full_name_and_columns() -> None:
    """Nothing is left to the search path, and no column comes along unseen."""
    assert rewritten("SELECT id FROM orders o") == (
        'SELECT "id" FROM (SELECT "guard_t"."id" AS "id" FROM "public"."orders" AS "guard_t") AS "o"'
    )


def test_masks_stand_above_filters_and_keep_the_type() -> None:
    """The filter sees the stored value, the statement the masked one."""
    mask = Mask(PEOPLE, "region", "redact", {}, "m")
    assert rewritten("SELECT region FROM customers", RowFilter(PEOPLE, Compare("region", "eq", "EU"), "r"), mask) == (
        'SELECT "region" FROM (SELECT CAST(CASE WHEN "guard_t"."region" IS NULL THEN NULL ELSE \'***\' END AS TEXT)'
        ' AS "region" FROM "public"."customers" AS "guard_t" WHERE ("guard_t"."region" = CAST(\'EU\' AS TEXT)))'
        ' AS "customers"'
    )


def test_a_column_that_was_not_decided_upon_is_empty() -> None:
    """Facts that miss a column cannot show it: the wrap has NULL in its place."""
    decided = decision("postgres", owed=(), facts=facts_of("postgres", customers=["id"]))
    assert rewritten("SELECT id, ssn FROM customers", decided=decided) == (
        'SELECT "id", "ssn" FROM (SELECT "guard_t"."id" AS "id", CAST(NULL AS TEXT) AS "ssn"'
        ' FROM "public"."customers" AS "guard_t") AS "customers"'
    )


def test_a_table_that_was_not_decided_upon_is_refused() -> None:
    """The rewriter's own walk must find no table beyond the decision's facts."""
    decided = decision("postgres", owed=(), facts=facts_of("postgres", orders=["id"]))
    with pytest.raises(AccessDeniedError, match=r"`public\.customers` is read but was not decided upon"):
        rewritten("SELECT o.id FROM orders o WHERE EXISTS (SELECT 1 FROM customers)", decided=decided)


def test_the_statement_is_not_changed() -> None:
    """Review and enforcement work on copies."""
    statement = parse("WITH x AS (SELECT * FROM customers) SELECT ssn(x) FROM x", "postgres")
    before = repr(statement)
    review(statement, catalogue("postgres"))
    assert repr(statement) == before


def test_the_relations_read_are_reported_with_entitlements() -> None:
    """What the engine will read is what the caller is told."""
    owed = decision("postgres", owed=(RowFilter(PEOPLE, InTable("region", "acl", "region"), "r"),))
    sql = "SELECT secret FROM v_known, orders"
    done = enforce(parse(sql, "postgres"), catalogue("postgres"), owed, mask_sql)
    assert done.tables == (TableName("acl", "public"), PEOPLE, TableName("orders", "public"))


@pytest.mark.parametrize(
    ("limit", "enforced"),
    [("", 5), (" LIMIT 3", 3), (" LIMIT 9", 5), (" LIMIT ALL", 5), (" FETCH FIRST 8 ROWS ONLY", 5)],
)
def test_the_smaller_limit_holds(limit: str, enforced: int) -> None:
    """The user's own limit is kept when it is the smaller one."""
    assert rewritten(f"SELECT id FROM orders ORDER BY id{limit}", MaxRows(5, "r")).endswith(f"LIMIT {enforced}")


@pytest.mark.parametrize("limit", ["LIMIT (SELECT 99)", "LIMIT $1", "FETCH FIRST 2 ROWS WITH TIES"])
def test_a_limit_that_is_not_a_number_is_refused(limit: str) -> None:
    """guard cannot tell which of the two is smaller."""
    assert "own LIMIT" in refusal(f"SELECT id FROM orders ORDER BY id {limit}", MaxRows(5, "r"))


def test_a_limit_holds_for_a_union_and_for_brackets() -> None:
    """The limit stands outside of the whole statement."""
    assert rewritten("SELECT id FROM orders UNION SELECT id FROM orders", MaxRows(5, "r")).endswith(" LIMIT 5")
    assert rewritten("(SELECT id FROM orders)", MaxRows(5, "r")).endswith(" LIMIT 5)")


@pytest.mark.parametrize(
    ("obligation", "reason"),
    [
        (RowFilter(PEOPLE, Compare("nosuch", "eq", 1), "r"), "names `nosuch`, which `public.customers` does not have"),
        (RowFilter(PEOPLE, InTable("id", "customers", "id"), "r"), "reads the table that it filters"),
        (RowFilter(PEOPLE, InTable("id", "public.customers", "id"), "r"), "reads the table that it filters"),
        (RowFilter(PEOPLE, InTable("id", "salaries", "id"), "r"), "reads `salaries`, which is not in the catalogue"),
        (
            RowFilter(PEOPLE, InTable("region", "v_known", "who"), "r"),
            "reads `public.v_known`, which is no plain table",
        ),
        (RowFilter(PEOPLE, InTable("id", "acl", "region"), "r"), "compares `id` with `region` of another type"),
        (RowFilter(PEOPLE, Compare("id", "eq", "1"), "r"), "with a value that its type cannot hold"),
        (RowFilter(PEOPLE, Compare("id", "eq", 1.5), "r"), "with a value that its type cannot hold"),
        (RowFilter(PEOPLE, Compare("id", "eq", 2**70), "r"), "with a value that its type cannot hold"),
        (RowFilter(PEOPLE, Compare("region", "eq", 1), "r"), "with a value that its type cannot hold"),
        (RowFilter(PEOPLE, In("region", ("a\0b",)), "r"), "with a value that its type cannot hold"),
        (Mask(PEOPLE, "nosuch", "redact", {}, "r"), "masks `nosuch`, which `public.customers` does not have"),
        (Mask(PEOPLE, "ssn", "unheard_of", {}, "r"), "cannot be masked by `unheard_of`"),
        (Mask(TableName("orders", "public"), "memo", "redact", {}, "r"), "which the statement does not read"),
        (Mask(TableName("customers"), "ssn", "redact", {}, "r"), "which the statement does not read"),
    ],
)
def test_an_obligation_that_cannot_be_met_is_a_refusal(obligation: Obligation, reason: str) -> None:
    """Nothing that a rule asks for is skipped."""
    assert reason in refusal("SELECT ssn FROM customers", obligation)


def test_two_masks_on_one_column_are_a_refusal() -> None:
    """guard does not choose between rules that disagree."""
    masks = (Mask(PEOPLE, "ssn", "redact", {}, "a"), Mask(PEOPLE, "ssn", "null", {}, "b"))
    assert refusal("SELECT ssn FROM customers", *masks) == "column `ssn` has two different masks"


def test_a_denial_is_never_rewritten() -> None:
    """Only an allowing decision has an enforced statement."""
    import msgspec

    denied = msgspec.structs.replace(decision("postgres", owed=()), outcome="deny")
    with pytest.raises(AccessDeniedError, match="denies this statement"):
        rewritten("SELECT 1", decided=denied)


@pytest.mark.parametrize("value", ["it's", "\\", "a\\' OR 1=1 --", '"; DROP TABLE x; --', "$$", "浦东", "%_", "/* */"])
@pytest.mark.parametrize("dialect", ["postgres", "duckdb", "sqlite"])
def test_a_value_of_a_filter_is_never_sql(dialect: str, value: str) -> None:
    """Whatever stands in an attribute, the text parses to the same shape with the value as one literal."""
    known = catalogue(dialect)
    owed = decision(dialect, owed=(RowFilter(known.tables[0].name, Compare("region", "eq", value), "r"),))
    sql = enforce(parse("SELECT id FROM customers", dialect), known, owed, mask_sql).sql
    from sqlglot import exp

    assert [each.name for each in parse(sql, dialect).find_all(exp.Literal)] == [value]


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("sqlite", "SELECT :guard_0 FROM customers"),
        ("sqlite", "SELECT @guard_0 FROM customers"),
        ("duckdb", "SELECT $guard_0 FROM customers"),
        ("duckdb", "SELECT $GUARD_0 FROM customers"),
        ("postgres", "SELECT %(guard_0)s FROM customers"),
        ("postgres", "SELECT :guard_0 FROM customers"),
    ],
)
def test_nobody_names_the_placeholder_of_a_key(dialect: str, sql: str) -> None:
    """A user's `guard_0` would be bound to the key of a mask and come out as an answer."""
    gaps = review(parse(sql, dialect), catalogue(dialect))
    assert [gap.code for gap in gaps] == ["unsupported_syntax"]


def test_a_statement_that_sees_too_many_columns_is_refused() -> None:
    """The columns written into all wraps together are bounded, whatever a few stars multiply to."""
    columns = tuple(Column(f"c{number}", "text") for number in range(400))
    wide = Table(name=TableName("wide", "public"), dataset=Dataset("test", "wide"), columns=columns)
    known = Catalogue([wide], dialect="postgres", default_schema="public")
    owed = decision("postgres", owed=())
    assert enforce(parse("SELECT * FROM wide a, wide b", "postgres"), known, owed, mask_sql).tables == (wide.name,)
    with pytest.raises(AccessDeniedError, match="sees more than 1,000 columns"):
        enforce(parse("SELECT * FROM wide a, wide b, wide c", "postgres"), known, owed, mask_sql)
