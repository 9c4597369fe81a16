"""Which table names of a statement mean one of its common table expressions, read off the parents of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.sql.names import Names

# Every body sees all the names of a WITH RECURSIVE, not only those before it (PostgreSQL 7.8.2).
_FORWARD: Final = frozenset({"postgres"})


def named_ctes(tables: Sequence[exp.Table], ctes: Sequence[exp.CTE], names: Names) -> dict[int, exp.CTE]:
    """By `id` of the table node: the expression that it names. Tables that name none are absent."""
    if not ctes:
        return {}
    keys = {names.of(cte.args["alias"].this) for cte in ctes}
    found: dict[int, exp.CTE] = {}
    for table in tables:
        key = names.of(table.this)
        if key in keys and not table.args.get("db") and not table.args.get("catalog"):
            cte = _visible(table, key, names)
            if cte is not None:
                found[id(table)] = cte
    return found


def _visible(node: exp.Expr, key: str, names: Names) -> exp.CTE | None:
    child, parent = node, node.parent
    while parent is not None:
        if parent.__class__ is exp.With:
            found = _last(_before(parent, child, names.dialect), key, names)
        else:
            clause = parent.args.get("with_")
            found = _last(clause.expressions, key, names) if clause is not None and clause is not child else None
        if found is not None:
            return found
        child, parent = parent, parent.parent
    return None


def _before(clause: exp.Expr, child: exp.Expr, dialect: str) -> Sequence[exp.CTE]:
    """The expressions that the body of `child` sees."""
    every = clause.expressions
    recursive = bool(clause.args.get("recursive"))
    if recursive and dialect in _FORWARD:
        return every
    at = next(place for place, each in enumerate(every) if each is child)
    return every[: at + recursive]


def _last(visible: Sequence[exp.CTE], key: str, names: Names) -> exp.CTE | None:
    return next((cte for cte in reversed(visible) if names.of(cte.args["alias"].this) == key), None)
