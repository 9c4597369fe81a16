"""One walk over a parsed statement that finds everything the short way needs, or that it is not for this statement.

Nothing is changed and nothing is copied. Every node must be of a reviewed kind and in an ordinary place; for anything
else the answer is None, never a guess.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from guard.policy.enforce.allowed import HIDDEN_COLUMNS, NODES, TYPES
from guard.policy.enforce.failing import never_fails
from guard.policy.enforce.functions import reviewed
from guard.policy.enforce.names import POSTGRES_NAME_BYTES
from guard.policy.enforce.patterns import may_fail

if TYPE_CHECKING:
    from guard.sql.names import Names

_ROOTS: Final = (exp.Select, exp.Union, exp.Intersect, exp.Except)
# Reviewed kinds whose meaning hangs on more than themselves; they go the long way.
_LONG: Final = frozenset(
    {
        exp.Dot, exp.Columns, exp.Lambda, exp.Comprehension, exp.Parameter, exp.Placeholder, exp.Values, exp.Unnest,
        exp.Lateral, exp.Aliases, exp.Bracket, exp.Slice, exp.PropertyEQ, exp.Kwarg, exp.National, exp.ByteString,
        exp.RawString, exp.Collate, exp.JSONKeyValue, exp.Struct, exp.ToMap,
    }
)  # fmt: skip
_NO_NODE: Final = frozenset({type(None), bool, str, int})
_TABLE_PARTS: Final = frozenset({"this", "db", "catalog", "alias"})
_PLAIN, _FAILS, _IDENTIFIER, _COLUMN, _TYPE, _TABLE, _STAR, _JOIN, _SELECT, _SUBQUERY, _WITH, _CTE, _CALL, _MATCH = (
    range(14)
)


@dataclass(slots=True)
class Survey:
    """What stands in a statement."""

    dialect: str
    names: dict[int, str] = field(default_factory=dict)  # by place in the text, as the engine reads them
    spelled: set[str] = field(default_factory=set)  # all names, folded
    tables: list[exp.Table] = field(default_factory=list)
    ctes: list[exp.CTE] = field(default_factory=list)
    rows: set[str] = field(default_factory=set)  # names that may stand for a whole row, or before a star
    starred: set[int] = field(default_factory=set)  # ids of the queries with a bare star or a NATURAL join
    failing: list[exp.Expr] = field(default_factory=list)  # what can fail on a value


@functools.cache
def _roles(dialect: str) -> dict[type[Any], int]:
    """What is to be done with each kind of node; kinds that are absent end the short way."""
    kinds = (NODES | reviewed(dialect).nodes) - _LONG
    roles = {kind: _PLAIN if never_fails(kind, dialect) else _FAILS for kind in kinds}
    special = {
        exp.Identifier: _IDENTIFIER, exp.Column: _COLUMN, exp.Table: _TABLE, exp.Star: _STAR, exp.Join: _JOIN,
        exp.Select: _SELECT, exp.Subquery: _SUBQUERY, exp.With: _WITH, exp.CTE: _CTE, exp.DataType: _TYPE,
        exp.Anonymous: _CALL,
    }  # fmt: skip
    special |= dict.fromkeys((exp.Like, exp.ILike, exp.SimilarTo, exp.Escape), _MATCH)
    return roles | special


def survey(tree: exp.Expr, dialect: str, names: Names) -> Survey | None:
    """The survey of a statement, or None when it must go the long way."""
    if type(tree) not in _ROOTS:
        return None
    found = Survey(dialect)
    roles = _roles(dialect)
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        role = roles.get(node.__class__)
        if role is None:
            return None
        if role == _FAILS:
            found.failing.append(node)
        elif role:
            if not _SPECIAL[role](node, found, names):
                return None
            if role <= _TYPE:
                continue  # read with all that is below it
        for value in node.args.values():
            kind = value.__class__
            if kind is list:
                stack += [each for each in value if each.__class__ not in _NO_NODE]
            elif kind not in _NO_NODE:
                stack.append(value)
    return found


def _name(node: exp.Identifier, found: Survey, names: Names) -> bool:
    start = node.meta.get("start")
    if start is None:
        return False
    name = names.of(node) if found.dialect == "postgres" else str(node.this)
    if (
        not name
        or "\0" in name
        or (
            found.dialect == "postgres"
            and len(name) * 4 > POSTGRES_NAME_BYTES
            and len(name.encode()) > POSTGRES_NAME_BYTES
        )
    ):
        return False
    found.names[start] = name
    found.spelled.add(names.of(node))
    return True


def _column(node: exp.Column, found: Survey, names: Names) -> bool:
    args = node.args
    if args.get("db") is not None or args.get("catalog") is not None or args.get("join_mark"):
        return False
    name, table = args["this"], args.get("table")
    if table is not None and (table.__class__ is not exp.Identifier or not _name(table, found, names)):
        return False
    if name.__class__ is exp.Star:
        if table is None or any(name.args.values()):
            return False
        found.rows.add(names.of(table))
        return True
    if name.__class__ is not exp.Identifier or not _name(name, found, names):
        return False
    own = names.of(name)
    if own in HIDDEN_COLUMNS[found.dialect]:
        return False
    if table is None:
        found.rows.add(own)
    return True


def _table(node: exp.Table, found: Survey, _names: Names) -> bool:
    """A name directly in FROM or JOIN."""
    args = node.args
    if any(value and part not in _TABLE_PARTS for part, value in args.items()):
        return False
    parent = node.parent
    place = parent.__class__ is exp.From or (parent.__class__ is exp.Join and parent.args.get("this") is node)
    found.tables.append(node)
    return place and parent.parent.__class__ is exp.Select and args["this"].__class__ is exp.Identifier  # type: ignore[union-attr]  # it has a place


def _star(node: exp.Star, found: Survey, _names: Names) -> bool:
    parent = node.parent
    if parent.__class__ is exp.Select and not any(node.args.values()):
        found.starred.add(id(parent))
        return True
    return parent.__class__ is exp.Count


def _join(node: exp.Join, found: Survey, _names: Names) -> bool:
    if found.dialect == "duckdb" and node.args.get("using"):
        found.failing.append(node)
    if node.args.get("method") == "NATURAL":
        found.starred.add(id(node.parent))
    return node.parent.__class__ is exp.Select


def _select(node: exp.Select, _found: Survey, _names: Names) -> bool:
    return not node.args.get("kind") and not node.args.get("hint")


def _subquery(node: exp.Subquery, _found: Survey, _names: Names) -> bool:
    return isinstance(node.this, _ROOTS) and not node.args.get("joins") and not node.args.get("pivots")


def _with(node: exp.With, _found: Survey, _names: Names) -> bool:
    return not node.args.get("search")


def _cte(node: exp.CTE, found: Survey, _names: Names) -> bool:
    found.ctes.append(node)
    alias = node.args.get("alias")
    return alias is not None and alias.this.__class__ is exp.Identifier and isinstance(node.this, _ROOTS)


def _type(node: exp.DataType, found: Survey, _names: Names) -> bool:
    """A type without parts that are names; `decimal(10, 2)` has numbers."""
    if getattr(node.this, "name", "") not in TYPES or node.args.get("nested"):
        return False
    found.failing.append(node)
    return all(each.__class__ is exp.DataTypeParam for each in node.expressions)


def _call(node: exp.Anonymous, found: Survey, _names: Names) -> bool:
    found.failing.append(node)
    return isinstance(node.this, str) and node.this.lower() in reviewed(found.dialect).names


def _match(node: exp.Expr, found: Survey, _names: Names) -> bool:
    if not never_fails(type(node), found.dialect):
        found.failing.append(node)
    return not may_fail(node)


_SPECIAL: Final[dict[int, Any]] = {
    _IDENTIFIER: _name, _COLUMN: _column,
    _TABLE: _table, _STAR: _star, _JOIN: _join, _SELECT: _select, _SUBQUERY: _subquery, _WITH: _with, _CTE: _cte,
    _TYPE: _type, _CALL: _call, _MATCH: _match,
}  # fmt: skip
