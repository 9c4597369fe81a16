"""A statement that writes, taken apart: what it writes, and the SELECTs that say what it reads.

Only plain shapes: one target, no other tables beside it, no upsert, no order and no limit. What is read stands in
ordinary SELECTs over the target and whatever the statement's subqueries name, so that facts, review, rewriting and
proof of queries hold for them as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from sqlglot import exp

from guard.model import Column, Gap, Table, TableName
from guard.policy.enforce.deny import unsupported
from guard.policy.enforce.names import RESERVED, same
from guard.sql.names import lower

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue

Action: TypeAlias = Literal["insert", "update", "delete", "create"]
ACTIONS: Final[frozenset[str]] = frozenset({"insert", "update", "delete", "create"})
KINDS: Final = (exp.Insert, exp.Update, exp.Delete, exp.Create)

MAX_ROWS: Final = 50  # of VALUES in MariaDB, where each is an arm of a UNION

_PARTS: Final[dict[type[exp.Expr], frozenset[str]]] = {
    exp.Insert: frozenset({"this", "expression", "returning"}),
    exp.Update: frozenset({"this", "expressions", "where", "returning"}),
    exp.Delete: frozenset({"this", "where", "returning"}),
    exp.Create: frozenset({"this", "kind", "expression"}),
}
_TARGET_PARTS: Final = frozenset({"this", "db", "catalog", "alias"})
_CURE: Final = "write one table at a time, as INSERT, UPDATE, DELETE or CREATE TABLE AS, without further clauses"


class RefusedWriteError(Exception):
    """The statement is no write that guard enforces; `gap` says why."""

    def __init__(self, gap: Gap) -> None:
        super().__init__(gap.what)
        self.gap = gap


@dataclass(slots=True)
class Write:
    """One write.

    `target` is the table written, None for one that is to be made. `source` is what INSERT and CREATE take their rows
    from. `seen` reads the target alone: the assigned values in order, then RETURNING's, then `columns`; for INSERT no
    assigned values. Its WHERE is the statement's own.
    """

    action: Action
    name: TableName
    target: Table | None
    alias: str = ""
    columns: tuple[Column, ...] = ()
    source: exp.Query | exp.Values | None = None
    seen: exp.Select | None = None
    assigned: int = 0  # values of SET in `seen`
    returned: tuple[str, ...] = field(default=())  # names of RETURNING's columns in `seen`

    @property
    def reads(self) -> tuple[exp.Expression, ...]:
        """The SELECTs over which facts, review and rewriting run."""
        return tuple(each for each in (self.source, self.seen) if isinstance(each, exp.Expression))


def is_write(statement: exp.Expr) -> bool:
    """Whether this is a kind of statement that may be granted as a write."""
    return isinstance(statement, KINDS)


def shape(statement: exp.Expr, catalogue: Catalogue) -> Write:
    """The parts of `statement`, which is not changed.

    Raises:
        RefusedWriteError: another statement, or one with a clause that is not enforced.
    """
    if not is_write(statement):
        raise _refuse(f"statement `{statement.key}`")
    for part, value in statement.args.items():
        if value and part not in _PARTS[type(statement)]:
            raise _refuse(f"`{part.strip('_')}` in {statement.key}")
    match statement:
        case exp.Insert():
            return _insert(statement, catalogue)
        case exp.Update():
            return _update(statement, catalogue)
        case exp.Delete():
            table, node = _target(statement.this, catalogue)
            return _over(statement, "delete", table, node, (), catalogue)
    return _create(statement, catalogue)


def _insert(statement: exp.Expr, catalogue: Catalogue) -> Write:
    into = statement.this
    table, node = _target(into.this if isinstance(into, exp.Schema) else into, catalogue)
    source = statement.args.get("expression")
    if not isinstance(source, exp.Query | exp.Values):
        raise _refuse("INSERT without VALUES or a query")
    if isinstance(source, exp.Values) and source.args.get("alias"):
        raise _refuse("an alias on the new rows")
    named = into.expressions if isinstance(into, exp.Schema) else None
    columns = table.columns if named is None else tuple(_column(each, table, catalogue) for each in named)
    write = _over(statement, "insert", table, node, columns, catalogue)
    write.source = _rows(source) if catalogue.dialect == "mysql" and isinstance(source, exp.Values) else source.copy()
    return write


def _rows(values: exp.Values) -> exp.Query:
    """VALUES as a UNION: MariaDB names its columns by their values, and two may be equal."""
    rows = [each.expressions if isinstance(each, exp.Tuple) else [each] for each in values.expressions]
    if not 0 < len(rows) <= MAX_ROWS:
        raise RefusedWriteError(Gap("too_large", f"more than {MAX_ROWS} new rows", "write them in several statements"))
    query: exp.Query = exp.Select(expressions=[each.copy() for each in rows[0]])
    for row in rows[1:]:
        more = exp.Select(expressions=[each.copy() for each in row])
        query = exp.Union(this=query, expression=more, distinct=False)
    return query


def _update(statement: exp.Expr, catalogue: Catalogue) -> Write:
    table, node = _target(statement.this, catalogue)
    columns, values = [], []
    for each in statement.expressions:
        if not isinstance(each, exp.EQ) or not isinstance(each.this, exp.Column):
            raise _refuse("SET of other than single columns")
        if each.this.table and not same(each.this.table, node.alias or node.name, catalogue.dialect):
            raise _refuse("SET of another table's column")
        columns.append(_column(each.this.this, table, catalogue))
        values.append(each.expression)
    return _over(statement, "update", table, node, tuple(columns), catalogue, values)


def _create(statement: exp.Expr, catalogue: Catalogue) -> Write:
    node, query = statement.this, statement.args.get("expression")
    if statement.args.get("kind") != "TABLE" or not isinstance(node, exp.Table) or not isinstance(query, exp.Query):
        raise _refuse("CREATE of other than a table from a query")
    schema = node.text("db") or catalogue.default_schema
    if node.args.get("catalog") or schema.lower() != catalogue.default_schema.lower() or node.args.get("alias"):
        raise _refuse("a new table outside of the default schema")
    name = TableName(node.name if node.this.args.get("quoted") else catalogue.names_of.of(node.this), schema)
    if catalogue.get(name) is not None or node.name.startswith("guard_") or not node.name:
        raise _refuse(f"a new table `{name}`, whose name is taken")
    if not all(query.named_selects) or "*" in query.named_selects:
        raise RefusedWriteError(unsupported("a new table with columns that have no name", "name each column"))
    return Write("create", name, None, source=query.copy())


def _target(node: object, catalogue: Catalogue) -> tuple[Table, exp.Table]:
    if not isinstance(node, exp.Table) or any(value and part not in _TARGET_PARTS for part, value in node.args.items()):
        raise _refuse("a target that is no plain table")
    table = catalogue.find(node)
    if table is None:
        raise RefusedWriteError(Gap("unknown_table", f"table `{node.name}`", "check the name, or run `guard scan`"))
    if table.kind != "table":
        raise _refuse(f"a write to `{table.name}`, which is a {table.kind}")
    return table, node


def _column(identifier: exp.Expr, table: Table, catalogue: Catalogue) -> Column:
    column = catalogue.find_column(table, identifier) if isinstance(identifier, exp.Identifier) else None
    if column is None:
        what = f"column `{identifier.name}` of `{table.name}`"
        raise RefusedWriteError(Gap("unknown_column", what, "check the spelling, or run `guard scan`"))
    return column


def _over(
    statement: exp.Expr,
    action: Action,
    table: Table,
    node: exp.Table,
    columns: tuple[Column, ...],
    catalogue: Catalogue,
    values: list[exp.Expr] | None = None,
) -> Write:
    alias = node.alias or node.name
    returned, shown = _returning(statement, table)
    own = [exp.column(exp.to_identifier(column.name, quoted=True)) for column in columns]
    outputs = [*(value.copy() for value in values or ()), *returned, *own]
    outputs = outputs or [exp.Literal.number(1)]
    listed = [exp.Alias(this=each, alias=exp.to_identifier(f"c{number}")) for number, each in enumerate(outputs)]
    source = exp.Table(**{part: value.copy() for part, value in node.args.items() if part != "alias" and value})
    source.set("alias", exp.TableAlias(this=(node.args["alias"].this if node.alias else node.this).copy()))
    seen = exp.Select(expressions=listed, from_=exp.From(this=source))
    where = statement.args.get("where")
    if where is not None:
        seen.set("where", where.copy())
    for each in (*outputs, *([where] if where is not None else [])):
        _scalar(each)
        _qualified_inside(each, table, alias, catalogue.dialect)
    return Write(action, table.name, table, alias, columns, None, seen, len(values or ()), shown)


def _returning(statement: exp.Expr, table: Table) -> tuple[list[exp.Expr], tuple[str, ...]]:
    """RETURNING's expressions without aliases, and the names of the columns that come back."""
    clause = statement.args.get("returning")
    outputs: list[exp.Expr] = []
    names: list[str] = []
    for each in clause.expressions if clause is not None else ():
        if isinstance(each, exp.Star) and not any(each.args.values()):
            outputs += [exp.column(exp.to_identifier(column.name, quoted=True)) for column in table.columns]
            names += [column.name for column in table.columns]
        elif each.find(exp.Star, exp.Query):
            raise _refuse("RETURNING of other than columns and expressions of them")
        else:
            outputs.append(each.unalias().copy())
            names.append(each.alias_or_name or f"c{len(names)}")
    return outputs, tuple(names)


def _scalar(root: exp.Expr) -> None:
    """Refuses what would make one row out of many, or many out of one, beside the target."""
    for node in root.walk(prune=lambda each: isinstance(each, exp.Query)):
        if isinstance(node, exp.AggFunc | exp.Window | exp.UDTF | exp.Columns | exp.Star):
            raise _refuse("an aggregate, a window or a star beside the table that is written")


def _qualified_inside(root: exp.Expr, table: Table, alias: str, dialect: str) -> None:
    """In a subquery a column of the target must say so, and no other table may have the target's alias.

    Else the engine could take a bare name for a column of the row that is written, as it is stored.
    """
    for query in root.find_all(exp.Query):
        for inner in query.find_all(exp.Table, exp.Subquery, exp.CTE):
            if same(inner.alias_or_name, alias, dialect) or lower(inner.alias).startswith(RESERVED):
                cure = "give the tables of subqueries other aliases"
                raise RefusedWriteError(unsupported(f"the alias `{alias}` in a subquery", cure))
        for column in query.find_all(exp.Column):
            if not column.table and any(same(column.name, each.name, dialect) for each in table.columns):
                cure = "write the table's alias before each column of a subquery"
                raise RefusedWriteError(unsupported(f"the bare name `{column.name}` in a subquery", cure))
            if not column.table and same(column.name, alias, dialect):
                raise RefusedWriteError(unsupported("a whole row in a subquery", "name its columns"))


def _refuse(what: str) -> RefusedWriteError:
    return RefusedWriteError(Gap(code="unsupported_statement", what=what, help=_CURE))
