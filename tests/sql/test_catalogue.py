"""Names resolve as the engines resolve them."""

from __future__ import annotations

import pytest
from sqlglot import exp

from guard.model import TableName
from guard.sql.catalogue import Catalogue
from tests.sql.world import table

TABLES = [
    table("customers", "id", "Name", "name"),
    table("Customers", "id"),
    table("pg_notes", "x"),
    table("t", "a", schema="priv"),
]


def find(catalogue: Catalogue, sql: str) -> str | None:
    """The name of the table that `sql` means."""
    found = catalogue.find(exp.to_table(sql, dialect=catalogue.dialect))
    return None if found is None else str(found.name)


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("customers", "public.customers"),
        ("CUSTOMERS", "public.customers"),
        ('"Customers"', "public.Customers"),
        ('"CUSTOMERS"', None),
        ("public.customers", "public.customers"),
        ("lab.public.customers", "public.customers"),
        ("other.public.customers", None),
        ("priv.customers", None),
        ("priv.t", "priv.t"),
        ("t", None),
        ("pg_notes", None),
        ("public.pg_notes", "public.pg_notes"),
        ("a.b.c.customers", None),
        ("customers" + "x" * 60, None),
    ],
)
def test_postgresql_names(sql: str, name: str | None) -> None:
    """Unquoted folds to lower case, quoted is exact, the default schema is pinned, pg_ names belong to the system."""
    catalogue = Catalogue(TABLES, dialect="postgres", default_schema="public", catalog="lab")
    assert find(catalogue, sql) == name


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("people", "main.People"),
        ('"PEOPLE"', "main.People"),
        ("main.people", "main.People"),
        ("memory.main.people", "main.People"),
        ("memory.people", "main.People"),
        ("other.people", None),
        ("ÄRZTE", "main.Ärzte"),
        ("ärzte", None),
        ("Ärzte", "main.Ärzte"),
    ],
)
def test_duckdb_names(sql: str, name: str | None) -> None:
    """Case does not matter for ASCII letters, quoted or not; one qualifier may be the schema or the catalog."""
    tables = [table("People", "id", schema="main"), table("Ärzte", "id", schema="main")]
    assert find(Catalogue(tables, dialect="duckdb", default_schema="main", catalog="memory"), sql) == name


def test_two_relations_of_one_name_are_not_found() -> None:
    """Where the catalogue cannot tell which relation is meant, it does not choose."""
    tables = [table("people", "id", schema="main"), table("PEOPLE", "id", schema="main")]
    assert find(Catalogue(tables, dialect="sqlite", default_schema="main"), "people") is None


@pytest.mark.parametrize(("sql", "name"), [("name", "name"), ("NAME", "name"), ('"Name"', "Name"), ("ctid", None)])
def test_columns(sql: str, name: str | None) -> None:
    """Columns fold like tables; hidden ones are unknown."""
    catalogue = Catalogue(TABLES, dialect="postgres", default_schema="public")
    column = catalogue.find_column(TABLES[0], exp.to_identifier(sql.strip('"'), quoted=sql.startswith('"')))
    assert (column.name if column else None) == name


def test_get_names_and_mapping() -> None:
    """The other ways in: by exact name, all names, and the shape that sqlglot's optimizer takes."""
    catalogue = Catalogue(TABLES[2:], dialect="postgres", default_schema="public", version="7")
    assert catalogue.get(TableName(name="pg_notes")) is TABLES[2]
    assert catalogue.names() == (TableName(name="pg_notes", schema="public"), TableName(name="t", schema="priv"))
    assert catalogue.mapping() == {"public": {"pg_notes": {"x": "text"}}, "priv": {"t": {"a": "text"}}}
    assert catalogue.version == "7"
