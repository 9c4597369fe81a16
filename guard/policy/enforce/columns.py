"""Which columns of a base table a statement can see, so that a wrap of a wide table stays short.

Leaving one out must not change what any name means: a column stays when its name stands anywhere in the statement,
and all stay when something can name them without a name (a star, the whole row, NATURAL, a column alias list).
"""

from __future__ import annotations

from sqlglot import exp

from guard.model import Column, Table
from guard.policy.enforce.names import key


class Visible:
    """Computed once for a statement, before it is changed."""

    def __init__(self, tree: exp.Expr, dialect: str) -> None:
        self._dialect = dialect
        self._names = {key(identifier.name, dialect) for identifier in tree.find_all(exp.Identifier)}
        self._everything = next(tree.find_all(exp.Columns), None) is not None
        self._starred: set[int] = set()  # queries with a bare star
        self._rows: set[str] = set()  # names used as a whole row, or before a star
        for star in tree.find_all(exp.Star):
            parent = star.parent
            if isinstance(parent, exp.Column):
                self._rows.add(key(parent.table, dialect))
            elif not isinstance(parent, exp.Func | exp.Dot):
                owner = star.find_ancestor(exp.Select)
                self._starred.add(id(owner))
        for column in tree.find_all(exp.Column):
            if not column.table:
                self._rows.add(key(column.name, dialect))
        for join in tree.find_all(exp.Join):
            if join.method == "NATURAL":
                owner = join.find_ancestor(exp.Select)
                self._starred.add(id(owner))

    def of(self, node: exp.Table, table: Table) -> tuple[Column, ...]:
        """The columns that the wrap of `node` must have, in the table's order; at least one."""
        if self._sees_all(node):
            return table.columns
        seen = tuple(column for column in table.columns if key(column.name, self._dialect) in self._names)
        return seen or table.columns[:1]

    def _sees_all(self, node: exp.Table) -> bool:
        alias = node.alias or node.name
        owner = node.find_ancestor(exp.Select)
        nested = node.find_ancestor(exp.Subquery, exp.Select)
        return (
            self._everything
            or bool(node.alias_column_names)
            or id(owner) in self._starred
            or key(alias, self._dialect) in self._rows
            or (isinstance(nested, exp.Subquery) and nested.alias != "")
        )
