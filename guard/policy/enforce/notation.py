"""Other spellings of a column and of a call, brought to the plain one before anything is judged.

PostgreSQL takes `ssn(c)` for `c.ssn`; DuckDB takes `ssn.upper()` for `upper(ssn)`. Both look like calls of anybody's
function. They are rewritten only where the catalogue says that the name is a column of a table in the statement;
whatever else has that form is refused as an unreviewed call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from guard.model import Table
from guard.policy.enforce import mariadb
from guard.policy.enforce.names import key, quoted
from guard.policy.enforce.relations import references

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue


def plain(tree: exp.Expr, catalogue: Catalogue) -> None:
    """Rewrites both notations in place."""
    if catalogue.dialect == "duckdb" and tree.find(exp.Dot) is not None:
        _dotted_calls(tree, catalogue)
    elif catalogue.dialect == "postgres" and tree.find(exp.Anonymous) is not None:
        _called_columns(tree, catalogue)
    elif catalogue.dialect == mariadb.DIALECT:
        mariadb.spell(tree)


def _tables(tree: exp.Expr, catalogue: Catalogue) -> dict[str, Table]:
    """The base tables of the statement by the alias under which it knows them."""
    found: dict[str, Table] = {}
    for reference in references(tree, catalogue.dialect):
        table = None if reference.cte is not None else catalogue.find(reference.node)
        if table is not None:
            found[key(reference.node.alias or reference.node.name, catalogue.dialect)] = table
    return found


def _dotted_calls(tree: exp.Expr, catalogue: Catalogue) -> None:
    dialect = catalogue.dialect
    columns = {key(each.name, dialect) for table in _tables(tree, catalogue).values() for each in table.columns}
    for dot in reversed(list(tree.find_all(exp.Dot))):  # `a.f().g()`: the innermost call first
        subject, call = dot.this, dot.expression
        if not isinstance(call, exp.Anonymous):
            continue
        if isinstance(subject, exp.Identifier) and key(subject.name, dialect) in columns:
            subject = exp.Column(this=subject.copy())
        elif not isinstance(subject, exp.Anonymous):
            continue
        dot.replace(exp.Anonymous(this=call.this, expressions=[subject.copy(), *call.expressions]))


def _called_columns(tree: exp.Expr, catalogue: Catalogue) -> None:
    tables: dict[str, Table] | None = None
    for call in list(tree.find_all(exp.Anonymous)):
        argument = call.expressions[0] if len(call.expressions) == 1 else None
        if not isinstance(argument, exp.Column) or argument.table or not isinstance(call.this, str):
            continue
        tables = _tables(tree, catalogue) if tables is None else tables
        table = tables.get(argument.name)
        if table is not None and table.column(call.this.lower()) is not None:
            call.replace(exp.Column(this=quoted(call.this.lower()), table=argument.this.copy()))
