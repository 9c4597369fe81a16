"""Writes docs/reference/sql-functions.md from the reviewed lists: `python -m guard.policy.enforce.functions_page`."""

from __future__ import annotations

import sys

from guard.policy.enforce.allowed import DIALECTS
from guard.policy.enforce.functions import examples
from guard.policy.enforce.golden import GOLDEN

_TITLES = {"postgres": "PostgreSQL", "duckdb": "DuckDB", "sqlite": "SQLite", "mysql": "MariaDB and MySQL"}

_GOLDEN = ("Spark SQL", "Trino", "Snowflake", "BigQuery", "ClickHouse", "SQL Server", "Oracle")

_HEAD = """# SQL functions

guard runs a query only when it knows every function in it. These are the reviewed ones: built into the engine,
reading nothing but their arguments, changing nothing. Any other function denies the query with the gap
`unreviewed_function`. A function of your own is refused even when it has the name of a built-in: guard calls built-ins
by their full name (`pg_catalog.lower`, `system.main.lower`).

This page is generated from `guard/policy/enforce/functions/`; a test holds it to the lists.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for dialect in DIALECTS:
        parts.append(f"\n## {_TITLES[dialect]}\n\n| group | functions |\n|---|---|\n")
        parts.append(_rows(dialect))
    parts.append("\n## Dialects without an engine in the tests\n\n")
    parts.append(
        f"{', '.join(_GOLDEN)}: only what means the same in all of them.\n\n| group | functions |\n|---|---|\n"
    )
    parts.append(_rows(GOLDEN[0]))
    return "".join(parts)


def _rows(dialect: str) -> str:
    groups: dict[str, list[str]] = {}
    for category, name, _ in examples(dialect):
        names = groups.setdefault(category, [])
        if name not in names:
            names.append(name)
    return "".join(f"| {group} | {', '.join(f'`{name}`' for name in names)} |\n" for group, names in groups.items())


if __name__ == "__main__":
    sys.stdout.write(page())
