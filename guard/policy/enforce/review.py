"""The allow-lists, run over a statement before anybody decides on it.

What is refused here never reaches an engine: statements other than queries, unreviewed functions, types, operators
and clauses, hidden system columns, names that the server would cut off, and relations that guard does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from guard.model import Gap
from guard.policy.enforce import golden, mariadb
from guard.policy.enforce.allowed import DIALECTS, HIDDEN_COLUMNS, NODES, STATEMENTS, TABLE_PARTS, TYPES
from guard.policy.enforce.deny import unsupported
from guard.policy.enforce.functions import BUILTIN_SCHEMA, reviewed
from guard.policy.enforce.names import POSTGRES_NAME_BYTES, RESERVED, settle
from guard.policy.enforce.notation import plain
from guard.policy.enforce.patterns import may_fail
from guard.policy.enforce.relations import references
from guard.policy.enforce.splice.ordinary import ordinary
from guard.policy.enforce.views import expand
from guard.sql.names import lower

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue

MAX_GAPS = 20  # a person reads them


def review(statement: exp.Expr, catalogue: Catalogue) -> tuple[Gap, ...]:
    """What in `statement` is not on the allow-lists of the catalogue's dialect; empty when everything is.

    The statement itself is not changed. Views are looked into: their definitions pass the same lists.
    """
    return () if ordinary(statement, catalogue) else reviewed_tree(statement, catalogue)[1]


def reviewed_tree(statement: exp.Expr, catalogue: Catalogue) -> tuple[exp.Expr, tuple[Gap, ...]]:
    """A copy of `statement` in guard's own spelling, read through its views, and what is not on the lists in it."""
    dialect = catalogue.dialect
    if dialect not in DIALECTS and dialect not in golden.GOLDEN:
        known = ", ".join((*DIALECTS, *golden.GOLDEN))
        return statement, (unsupported(f"dialect `{dialect}`", f"use one of {known}"),)
    if not isinstance(statement, STATEMENTS):
        what = statement.key if not isinstance(statement, exp.Command) else "command"
        return statement, (Gap(code="unsupported_statement", what=f"statement `{what}`", help="ask with a SELECT"),)
    tree = statement.copy()
    settle(tree, dialect)
    plain(tree, catalogue)
    gaps = list(expand(tree, catalogue))
    gaps += relation_gaps(tree, catalogue)
    gaps += syntax_gaps(tree, dialect)
    if dialect == mariadb.DIALECT:
        gaps += mariadb.gaps(tree)
    elif dialect in golden.GOLDEN:
        gaps += golden.gaps(tree)
    return tree, tuple(dict.fromkeys(gaps))[:MAX_GAPS]


def relation_gaps(tree: exp.Expr, catalogue: Catalogue) -> Iterator[Gap]:
    """A gap for every relation that is neither a known table nor a common table expression in scope."""
    for reference in references(tree, catalogue.dialect):
        node = reference.node
        if reference.is_function or reference.cte is not None:
            continue
        table = catalogue.find(node)
        if table is None:
            help_ = "check the name, or run `guard scan` on the source"
            yield Gap(code="unknown_table", what=f"table `{_name(node)}`", help=help_)
        elif table.kind == "partition":
            yield unsupported(f"partition `{table.name}`", "read the partitioned table itself")


def syntax_gaps(tree: exp.Expr, dialect: str, trusted: Set[int] = frozenset()) -> Iterator[Gap]:
    """A gap for every node that is not on the lists; what is below a node with an id in `trusted` is left out."""
    functions = reviewed(dialect)
    for node in tree.walk(prune=lambda each: id(each) in trusted):
        kind = type(node)
        if id(node) in trusted:
            continue
        if isinstance(node, exp.Anonymous):
            yield from _call_gap(node, dialect)
        elif kind not in NODES and kind not in functions.nodes:
            yield _node_gap(node)
        elif kind in _PARTS:
            yield from _PARTS[kind](node, dialect)
        elif isinstance(node, exp.Column):
            if lower(node.name) in HIDDEN_COLUMNS[dialect]:
                yield Gap(
                    code="unknown_column", what=f"hidden column `{node.name}`", help="name the table's own columns"
                )
        elif isinstance(node, exp.Select) and node.args.get("kind"):
            yield unsupported("SELECT AS STRUCT or VALUE", "select plain columns")
        elif may_fail(node):
            yield unsupported(
                f"{kind.__name__.upper()} with a pattern that may end in its escape character",
                "write the pattern as one literal, or end it with `%`",
            )


def _call_gap(node: exp.Anonymous, dialect: str) -> Iterator[Gap]:
    name = node.this if isinstance(node.this, str) else node.name
    if isinstance(node.this, exp.Identifier) or name.lower() not in reviewed(dialect).names:
        help_ = f"use a built-in function of the reviewed list for {dialect} (docs/reference/sql-functions.md)"
        yield Gap(code="unreviewed_function", what=f"function `{name}`", help=help_)


def _node_gap(node: exp.Expr) -> Gap:
    if isinstance(node, exp.Func):
        name = node.sql_name().lower()
        help_ = "use a built-in function of the reviewed list (docs/reference/sql-functions.md)"
        return Gap(code="unreviewed_function", what=f"function `{name}`", help=help_)
    return unsupported(f"syntax `{node.key}`", "write the query without it")


def _dot_gap(node: exp.Dot, dialect: str) -> Iterator[Gap]:
    """`schema.function(...)` may be anybody's function unless the schema is the engine's own."""
    if not isinstance(node.expression, exp.Func):
        return
    path = node.this
    names = tuple(part.name for part in path.find_all(exp.Identifier))
    if not (isinstance(path, exp.Identifier | exp.Dot) and names == BUILTIN_SCHEMA[dialect] and names):
        name = node.expression.name or node.expression.key
        help_ = "call the built-in function by its own name, without a schema"
        yield Gap(code="unreviewed_function", what=f"function `{name}` called through a name", help=help_)


def _type_gap(node: exp.DataType) -> Iterator[Gap]:
    name = node.this.name if hasattr(node.this, "name") else str(node.this)
    if name not in TYPES:
        yield unsupported("a type that is not the engine's own", "cast to a built-in type")


def _identifier_gap(node: exp.Identifier, dialect: str) -> Iterator[Gap]:
    if dialect == "postgres" and len(node.name.encode()) > POSTGRES_NAME_BYTES:
        what = "a name longer than 63 bytes, which PostgreSQL cuts off"
        yield unsupported(what, "use the name as the database stores it")
    elif "\0" in node.name or not node.name:
        yield unsupported("an empty name or one with a zero byte", "use the name as the database stores it")


def _table_gap(node: exp.Table) -> Iterator[Gap]:
    for part, value in node.args.items():
        if value and part not in TABLE_PARTS:
            yield unsupported(f"`{part}` on table `{_name(node)}`", "read the table as it is now, whole")


def _name(node: exp.Table) -> str:
    return ".".join(part.name for part in (node.args.get("catalog"), node.args.get("db"), node.this) if part)


def _placeholder_gap(node: exp.Expr, _dialect: str) -> Iterator[Gap]:
    if lower(node.name).startswith(RESERVED):
        # A text that named one would read the key of a mask.
        yield unsupported(f"a placeholder whose name begins with `{RESERVED}`", "rename the placeholder")


def _join_gap(node: exp.Join, dialect: str) -> Iterator[Gap]:
    if dialect == "mysql" and node.side == "FULL":
        # MariaDB has none, and sqlglot would write two joins and a UNION for it.
        yield unsupported("FULL JOIN, which MariaDB does not have", "write a LEFT JOIN and a RIGHT JOIN with UNION ALL")


_PARTS: Final[dict[type[exp.Expr], Callable[[Any, str], Iterator[Gap]]]] = {
    exp.Dot: _dot_gap,
    exp.DataType: lambda node, _: _type_gap(node),
    exp.Identifier: _identifier_gap,
    exp.Join: _join_gap,
    exp.Parameter: _placeholder_gap,
    exp.Placeholder: _placeholder_gap,
    exp.Table: lambda node, _: _table_gap(node),
}
