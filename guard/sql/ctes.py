"""Common table expressions by name, evaluated when they are first met, recursion by fixpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from guard.sql.relations import Relation

if TYPE_CHECKING:
    from guard.sql.analysis import Analysis
    from guard.sql.scopes import Scope

# SQLite ignores the word RECURSIVE: each name is visible in the whole WITH clause.
_ALWAYS_RECURSIVE = frozenset({"sqlite", "tsql", "oracle", "bigquery_scripting"})


class Cte:
    """One name of a WITH clause. `around` are the names visible inside it."""

    __slots__ = ("around", "columns", "evaluating", "key", "node", "parent", "recursive", "relation")

    def __init__(self, node: exp.CTE, key: str, columns: list[exp.Identifier]) -> None:
        self.node = node
        self.key = key
        self.columns = columns
        self.around: Ctes | None = None
        self.parent: Scope | None = None  # the scope around the query that the WITH clause belongs to
        self.relation: Relation | None = None  # while evaluating: the result so far, once it referred to itself
        self.evaluating = False
        self.recursive = False


class Ctes:
    """A chain of visible names; the innermost hides the others and every table of the catalogue."""

    __slots__ = ("_names", "_outer")

    def __init__(self, outer: Ctes | None, names: dict[str, Cte]) -> None:
        self._outer = outer
        self._names = names

    def find(self, key: str) -> Cte | None:
        """The expression that an unqualified table name means, or None when it means a table."""
        chain: Ctes | None = self
        while chain is not None:
            if key in chain._names:  # noqa: SLF001 - the same class
                return chain._names[key]  # noqa: SLF001 - the same class
            chain = chain._outer  # noqa: SLF001 - the same class
        return None


def open_with(clause: exp.With, outer: Ctes | None, parent: Scope | None, analysis: Analysis) -> tuple[list[Cte], Ctes]:
    """The names of a WITH clause in order, and the chain in which its query is evaluated.

    Without RECURSIVE an expression sees only the ones before it, so that `WITH t AS (SELECT * FROM t)` reads the
    table; with it, all of them (PostgreSQL 7.8.2).
    """
    of = analysis.names.of
    entries: list[Cte] = []
    everything: dict[str, Cte] = {}
    recursive = bool(clause.args.get("recursive")) or analysis.dialect in _ALWAYS_RECURSIVE
    chain = Ctes(outer, everything)
    around = chain if recursive else outer
    for node in clause.expressions:
        alias = node.args.get("alias")
        if not isinstance(node, exp.CTE) or alias is None or not isinstance(alias.this, exp.Identifier):
            analysis.gap("unsupported_syntax", "a WITH clause without a name")
            continue
        entry = Cte(node, of(alias.this), [c for c in alias.args.get("columns") or [] if isinstance(c, exp.Identifier)])
        if entry.key in everything:
            analysis.gap("unsupported_syntax", "two common table expressions of one name")
        entry.around, entry.parent = around, parent
        entries.append(entry)
        everything[entry.key] = entry
        if not recursive:
            around = Ctes(around, {entry.key: entry})
    return entries, chain
