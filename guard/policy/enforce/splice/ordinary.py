"""Statements in which everything is ordinary: reviewed, and over plain tables that the catalogue knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.policy.enforce.splice.lexemes import DIALECTS
from guard.policy.enforce.splice.scope import named_ctes
from guard.policy.enforce.splice.survey import Survey, survey

if TYPE_CHECKING:
    from sqlglot import exp

    from guard.model import Table
    from guard.sql.catalogue import Catalogue


def ordinary(statement: exp.Expr, catalogue: Catalogue) -> bool:
    """True where nothing in `statement` can have a gap; false where a longer look must say."""
    names = catalogue.names_of
    found = survey(statement, catalogue.dialect, names) if catalogue.dialect in DIALECTS else None
    return found is not None and base_tables(found, named_ctes(found.tables, found.ctes, names), catalogue) is not None


def base_tables(found: Survey, ctes: dict[int, exp.CTE], catalogue: Catalogue) -> dict[int, Table] | None:
    """The base table that each table node means, by its `id`; None where one is unknown or no plain table."""
    read: dict[int, Table] = {}
    for node in found.tables:
        if id(node) not in ctes:
            table = catalogue.find(node)
            if table is None or not table.columns or table.kind in {"view", "partition"}:
                return None
            read[id(node)] = table
    return read
