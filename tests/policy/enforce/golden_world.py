"""The small world of the dialects without an engine: customers of which a subject has some, with a masked number."""

from __future__ import annotations

from typing import Any

from guard.anonymize.mask_sql import Masks
from guard.errors import AccessDeniedError
from guard.model import Column, Compare, Dataset, Decision, InTable, Mask, Obligation, RowFilter, Table, TableName
from guard.policy.enforce import enforce
from guard.policy.enforce.golden import STORES_UPPER
from guard.policy.facts import extract
from guard.sql.catalogue import Catalogue
from guard.sql.parse import parse

TYPES = {
    "spark": ("INT", "STRING"),
    "trino": ("integer", "varchar"),
    "snowflake": ("NUMBER(38,0)", "VARCHAR"),
    "bigquery": ("INT64", "STRING"),
    "clickhouse": ("Int32", "String"),
    "tsql": ("int", "nvarchar(100)"),
    "oracle": ("NUMBER(10)", "VARCHAR2(100)"),
}
PARAMS: dict[str, dict[str, Any]] = {"partial": {"first": 3, "last": 4}, "constant": {"value": "hidden"}}


def catalogue(dialect: str) -> Catalogue:
    """Three tables in the schema `crm`."""
    number, text = TYPES[dialect]

    def table(name: str, /, **columns: str) -> Table:
        own = tuple(Column(_stored(column, dialect), kind) for column, kind in columns.items())
        return Table(TableName(_stored(name, dialect), _stored("crm", dialect)), Dataset("test", name), own)

    known = [
        table("customers", id=number, name=text, ssn=text, region=text),
        table("orders", id=number, customer_id=number, memo=text),
        table("acl", region=text, who=text),
    ]
    return Catalogue(known, dialect=dialect, default_schema=_stored("crm", dialect))


def ask(dialect: str, sql: str, policy: str, mask: str) -> str:
    """The enforced text of a statement.

    Raises:
        GuardError: denied.
    """
    known = catalogue(dialect)
    statement = parse(sql, dialect)
    facts = extract(statement, known)
    if facts.gaps:
        raise AccessDeniedError(facts.gaps[0].what)
    customers, region = known.tables[0].name, _stored("region", dialect)
    predicates = {
        "constant": Compare(region, "eq", "EU"),
        "han": Compare(region, "eq", "浦东"),
        "acl": InTable(region, "acl", region, Compare(_stored("who", dialect), "eq", "me")),
    }
    owed: tuple[Obligation, ...] = (
        RowFilter(customers, predicates[policy], "rows"),
        Mask(customers, _stored("ssn", dialect), mask, PARAMS.get(mask, {}), "mask"),
    )
    duties = owed if customers in facts.tables else ()
    made = Decision("d", "allow", "analyst", "test", obligations=duties, facts=facts, revision="1")
    return enforce(statement, known, made, Masks(purpose="test")).sql


def _stored(name: str, dialect: str) -> str:
    return name.upper() if dialect in STORES_UPPER else name
