"""Accounting for every table reference of a statement: a base table, a common table expression, or a function.

The walk keeps scope itself. A library's list of "sources" leaves out what its author did not think of (the first
table of `(a JOIN b) AS j`, the right side of a semi-join); a walk over all nodes cannot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from guard.policy.enforce.names import key


@dataclass(frozen=True, slots=True)
class Reference:
    """One `exp.Table` node. `cte` is the common table expression that it names, if it names one in scope."""

    node: exp.Table
    cte: exp.CTE | None

    @property
    def is_function(self) -> bool:
        """True for `FROM generate_series(...)`: no relation, but a call that the function list judges."""
        return isinstance(self.node.this, exp.Func)


def references(tree: exp.Expr, dialect: str) -> list[Reference]:
    """Every `exp.Table` below `tree`, each exactly once, in the order of the text."""
    found: list[Reference] = []
    _visit(tree, {}, dialect, found)
    # INVARIANT: nothing in the tree escapes the accounting.
    if {id(reference.node) for reference in found} != {id(node) for node in tree.find_all(exp.Table)}:
        msg = "a table reference escaped the accounting"
        raise AssertionError(msg)
    return found


def _visit(node: exp.Expr, scope: Mapping[str, exp.CTE], dialect: str, found: list[Reference]) -> None:
    with_ = node.args.get("with_")
    if isinstance(with_, exp.With):
        inner = dict(scope)
        _visit_with(with_, inner, dialect, found)
        scope = inner
    if isinstance(node, exp.Table):
        found.append(Reference(node, _named_cte(node, scope, dialect)))
    for part, value in node.args.items():
        if part == "with_":
            continue
        if isinstance(value, exp.Expr):
            _visit(value, scope, dialect, found)
        elif isinstance(value, list):
            for child in value:
                if isinstance(child, exp.Expr):
                    _visit(child, scope, dialect, found)


def _visit_with(with_: exp.With, scope: dict[str, exp.CTE], dialect: str, found: list[Reference]) -> None:
    """The references inside the expressions of a WITH clause; `scope` is afterwards the one that holds behind it.

    Without RECURSIVE a body sees only the expressions before it, so `WITH t AS (SELECT * FROM t)` reads the table.
    SQLite lets every body see all of them, PostgreSQL and MariaDB do under RECURSIVE.
    """
    recursive = bool(with_.args.get("recursive"))
    if dialect in {"sqlite", "tsql", "oracle"} or (dialect in {"postgres", "mysql"} and recursive):
        scope.update((key(cte.alias, dialect), cte) for cte in with_.expressions)
    for cte in with_.expressions:
        if recursive:
            scope[key(cte.alias, dialect)] = cte
        for part, value in cte.args.items():
            for child in value if isinstance(value, list) else (value,):
                if part != "alias" and isinstance(child, exp.Expr):
                    _visit(child, scope, dialect, found)
        scope[key(cte.alias, dialect)] = cte


def _named_cte(node: exp.Table, scope: Mapping[str, exp.CTE], dialect: str) -> exp.CTE | None:
    """Only an unqualified name can mean a common table expression."""
    if not isinstance(node.this, exp.Identifier) or node.args.get("db") or node.args.get("catalog"):
        return None
    return scope.get(key(node.name, dialect))
