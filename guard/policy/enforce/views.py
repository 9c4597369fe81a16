"""Views are read through: each is replaced by its own definition, whose base tables are then enforced.

A view runs with its owner's rights, so a filter or a mask on its base table does not hold inside it; and a filter
on the view says nothing of the table. Only the definition can be enforced, and only when guard knows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from guard.errors import ParseError
from guard.model import Gap, Table
from guard.policy.enforce.names import quoted, settle
from guard.policy.enforce.relations import references
from guard.sql.names import lower
from guard.sql.parse import parse

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue

MAX_VIEWS = 100  # expansions of one statement; a view of views of views multiplies


def expand(tree: exp.Expr, catalogue: Catalogue) -> list[Gap]:
    """Replaces in `tree` every view by its definition, to the bottom; returns a gap for each one that cannot be."""
    gaps: list[Gap] = []
    left: set[int] = set()  # views that stay: each has its gap
    for _ in range(MAX_VIEWS):
        view = next(
            (
                (reference.node, table)
                for reference in references(tree, catalogue.dialect)
                if reference.cte is None
                and not reference.is_function
                and id(reference.node) not in left
                and (table := catalogue.find(reference.node)) is not None
                and table.kind == "view"
            ),
            None,
        )
        if view is None:
            return gaps
        node, table = view
        body = _body(table, catalogue)
        if body is None or not _plain(node):
            left.add(id(node))
            gaps.append(_gap(table))
        else:
            node.replace(_reading(node, table, body, catalogue.dialect))
    gaps.append(Gap(code="view_not_expanded", what="views nested too deep", help="read the base tables themselves"))
    return gaps


def _body(table: Table, catalogue: Catalogue) -> exp.Query | None:
    """The definition with every relation qualified, or None when it is unknown, unparsable or of other columns."""
    if not table.definition:
        return None
    try:
        body = parse(table.definition, catalogue.dialect)
    except ParseError:
        return None
    if not isinstance(body, exp.Query):
        return None
    settle(body, catalogue.dialect)
    for reference in references(body, catalogue.dialect):
        if reference.cte is None and not reference.is_function:
            found = catalogue.find(reference.node)
            if found is None or found.name == table.name:
                return None
            _qualify(reference.node, found)
    _drop_databases(body, catalogue.dialect)
    return body


def _qualify(node: exp.Table, table: Table) -> None:
    """Pins a reference to its table, so that a common table expression around the view cannot capture it."""
    if not node.alias:
        node.set("alias", exp.TableAlias(this=quoted(node.name)))
    node.set("this", quoted(table.name.name))
    node.set("db", quoted(table.name.schema) if table.name.schema else None)
    node.set("catalog", quoted(table.name.catalog) if table.name.catalog else None)


def _drop_databases(body: exp.Expr, dialect: str) -> None:
    """MariaDB keeps a view with `database`.`table`.`column`; the table is known by its alias from here on."""
    if dialect == "mysql":
        for column in body.find_all(exp.Column):
            column.set("db", None)


def _plain(node: exp.Table) -> bool:
    return not any(
        value for part, value in node.args.items() if part in {"only", "sample", "pivots", "when", "version"}
    )


def _reading(node: exp.Table, table: Table, body: exp.Query, dialect: str) -> exp.Expr:
    """The view reference as a subquery over its definition, with the view's own column names."""
    names = [column.name for column in table.columns]
    written = node.args["alias"].columns if node.args.get("alias") else []
    alias = exp.TableAlias(this=quoted(node.alias or node.name), columns=[column.copy() for column in written])
    if dialect != "sqlite" and [lower(name) for name in body.named_selects] != [lower(name) for name in names]:
        # SQLite has no column list on a subquery; there a view with renamed columns fails by name, and shows nothing.
        alias.set("columns", [*alias.columns, *(quoted(name) for name in names[len(written) :])])
    subquery = exp.Subquery(this=body, alias=alias)
    for part in ("joins", "laterals"):
        if node.args.get(part):
            subquery.set(part, node.args[part])
    return subquery


def _gap(table: Table) -> Gap:
    what = f"view `{table.name}`, whose definition guard does not know or cannot read"
    return Gap(code="view_not_expanded", what=what, help="read the view's base tables, or run `guard scan` again")
