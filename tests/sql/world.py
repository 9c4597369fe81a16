"""The small world of these tests: tables of a clinic as a catalogue."""

from __future__ import annotations

from guard.model import Column, Dataset, Table, TableName
from guard.sql.catalogue import Catalogue


def table(name: str, *columns: str, schema: str = "public", kind: str = "table", definition: str = "") -> Table:
    """A table whose columns are all text."""
    return Table(
        name=TableName(name=name, schema=schema),
        dataset=Dataset(namespace="test", name=f"{schema}.{name}"),
        columns=tuple(Column(name=column, type="text") for column in columns),
        kind=kind,  # type: ignore[arg-type]  # one of TableKind
        definition=definition,
    )


def clinic(dialect: str) -> Catalogue:
    """Customers, orders, salaries, and views over them."""
    schema = {"postgres": "public", "duckdb": "main", "sqlite": "main"}.get(dialect, "public")
    return Catalogue(
        [
            table("customers", "id", "name", "ssn", "region", "email", "notes", schema=schema),
            table("orders", "id", "customer_id", "amount", "memo", schema=schema),
            table("salaries", "id", "amount", schema=schema),
            table("病人", "编号", "姓名", "身份证", schema=schema),
            table(
                "v_customers",
                "id",
                "number",
                schema=schema,
                kind="view",
                definition="SELECT id, ssn FROM customers WHERE region = 'EU'",
            ),
            table("v_nested", "number", schema=schema, kind="view", definition="SELECT v.number FROM v_customers AS v"),
            table("v_upper", "number", schema=schema, kind="view", definition="SELECT upper(ssn) FROM customers"),
            table("v_lost", "x", schema=schema, kind="view"),
            table("v_stale", "a", "b", schema=schema, kind="view", definition="SELECT id FROM customers"),
            table("v_loop", "a", schema=schema, kind="view", definition="SELECT a FROM v_loop"),
        ],
        dialect=dialect,
        default_schema=schema,
        catalog={"postgres": "lab", "duckdb": "memory"}.get(dialect, ""),
    )
