"""The SELECT over the target of a write, and what stands beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from guard.model import Column, Gap, Table
from guard.policy.enforce.deny import unsupported
from guard.policy.enforce.names import RESERVED, same
from guard.policy.enforce.writes.refused import RefusedWriteError, refuse
from guard.policy.enforce.writes.write import Action, Write
from guard.sql.names import lower

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue

_TARGET_PARTS: Final = frozenset({"this", "db", "catalog", "alias"})
_RELATION_PARTS: Final = frozenset({"this", "kind", "side", "on"})  # of a join beside the target
MAX_BESIDE: Final = 20  # tables joined to the target


def target(node: object, catalogue: Catalogue) -> tuple[Table, exp.Table]:
    """The table that is written, as the catalogue knows it.

    Raises:
        RefusedWriteError: no plain table of the catalogue.
    """
    if not isinstance(node, exp.Table) or any(value and part not in _TARGET_PARTS for part, value in node.args.items()):
        raise refuse("a target that is no plain table")
    table = catalogue.find(node)
    if table is None:
        raise RefusedWriteError(Gap("unknown_table", f"table `{node.name}`", "check the name, or run `guard scan`"))
    if table.kind != "table":
        raise refuse(f"a write to `{table.name}`, which is a {table.kind}")
    return table, node


def column(identifier: exp.Expr, table: Table, catalogue: Catalogue) -> Column:
    """The column of the target that is named.

    Raises:
        RefusedWriteError: there is none.
    """
    found = catalogue.find_column(table, identifier) if isinstance(identifier, exp.Identifier) else None
    if found is None:
        what = f"column `{identifier.name}` of `{table.name}`"
        raise RefusedWriteError(Gap("unknown_column", what, "check the spelling, or run `guard scan`"))
    return found


def assignments(
    changes: Iterable[exp.Expr], table: Table, alias: str, catalogue: Catalogue
) -> tuple[tuple[Column, ...], list[exp.Expr]]:
    """The columns and the values of SET.

    Raises:
        RefusedWriteError: it sets other than single columns of the target.
    """
    columns, values = [], []
    for each in changes:
        if not isinstance(each, exp.EQ) or not isinstance(each.this, exp.Column):
            raise refuse("SET of other than single columns")
        if each.this.table and not same(each.this.table, alias, catalogue.dialect):
            raise refuse("SET of another table's column")
        columns.append(column(each.this.this, table, catalogue))
        values.append(each.expression)
    return tuple(columns), values


def beside(nodes: Iterable[exp.Expr], alias: str, dialect: str) -> list[exp.Join]:
    """The tables and subqueries that a write joins to its target, one join each, in order.

    Raises:
        RefusedWriteError: something else stands there, or takes the target's alias.
    """
    joins: list[exp.Join] = []
    for node in nodes:
        own = node.copy()
        further = own.args.pop("joins", None) or []
        joins += [exp.Join(this=own), *(each.copy() for each in further)]
    if len(joins) > MAX_BESIDE:
        raise RefusedWriteError(Gap("too_large", f"more than {MAX_BESIDE} joined tables", "write it in several steps"))
    for join in joins:
        relation = join.this
        plain = isinstance(relation, exp.Table) and isinstance(relation.this, exp.Identifier)
        if not plain and not (isinstance(relation, exp.Subquery | exp.Values) and relation.alias):
            raise refuse("other than tables and subqueries with an alias beside the target")
        if any(value and part not in _RELATION_PARTS for part, value in join.args.items()):
            raise refuse("NATURAL, USING or LATERAL beside the target", "write the condition out, in ON or in WHERE")
        if any(relation.args.get(part) for part in ("joins", "laterals", "pivots")):
            raise refuse("joins in brackets beside the target", "write the joins without brackets")
        if same(relation.alias_or_name, alias, dialect) or lower(relation.alias_or_name).startswith(RESERVED):
            raise refuse(f"the alias `{relation.alias_or_name}` beside the target", "give it another alias")
    return joins


def over(  # noqa: PLR0913 - the parts of a statement, each named where it is given
    action: Action,
    table: Table,
    node: exp.Table,
    columns: tuple[Column, ...],
    catalogue: Catalogue,
    *,
    values: Sequence[exp.Expr] = (),
    joins: Sequence[exp.Join] = (),
    where: Sequence[exp.Expr] = (),
    returning: exp.Expr | None = None,
    also: Sequence[Column] = (),
) -> Write:
    """The write whose SELECT over the target shows `values`, then RETURNING's, then `columns` and `also`.

    Raises:
        RefusedWriteError: something in it has not one value a row, or could mean a column as it is stored.
    """
    alias = node.alias or node.name
    name = (node.args["alias"].this if node.alias else node.this).copy()
    returned, shown = _returning(returning, table)
    own = [
        exp.Column(this=exp.to_identifier(each.name, quoted=True), table=name.copy())
        for each in dict.fromkeys((*columns, *also))
    ]
    outputs = [*(value.copy() for value in values), *returned, *own] or [exp.Literal.number(1)]
    listed = [exp.Alias(this=each, alias=exp.to_identifier(f"c{number}")) for number, each in enumerate(outputs)]
    source = exp.Table(**{part: value.copy() for part, value in node.args.items() if part != "alias" and value})
    source.set("joins", None)
    source.set("alias", exp.TableAlias(this=name))
    seen = exp.Select(expressions=listed, from_=exp.From(this=source))
    conditions = [each.copy() for each in where]
    if joins:
        seen.set("joins", [join.copy() for join in joins])
    if conditions:
        seen.set("where", exp.Where(this=conjunction(conditions)))
    beyond = [join.args["on"] for join in joins if join.args.get("on") is not None]
    for each in (*outputs, *conditions, *beyond):
        _scalar(each)
        _qualified_inside(each, table, alias, catalogue.dialect)
        if joins:
            _qualified(each)
    return Write(action, table.name, table, alias, columns, None, seen, len(values), shown)


def conjunction(parts: Sequence[exp.Expr]) -> exp.Expr:
    """All of `parts`, each in brackets unless it stands alone."""
    joined = parts[0]
    for number, part in enumerate(parts[1:]):
        left = joined if number else exp.Paren(this=joined)
        joined = exp.And(this=left, expression=exp.Paren(this=part))
    return joined


def _returning(clause: exp.Expr | None, table: Table) -> tuple[list[exp.Expr], tuple[str, ...]]:
    """RETURNING's expressions without aliases, and the names of the columns that come back."""
    outputs: list[exp.Expr] = []
    names: list[str] = []
    for each in clause.expressions if clause is not None else ():
        if isinstance(each, exp.Star) and not any(each.args.values()):
            outputs += [exp.column(exp.to_identifier(one.name, quoted=True)) for one in table.columns]
            names += [one.name for one in table.columns]
        elif each.find(exp.Star, exp.Query):
            raise refuse("RETURNING of other than columns and expressions of them")
        else:
            outputs.append(each.unalias().copy())
            names.append(each.alias_or_name or f"c{len(names)}")
    return outputs, tuple(names)


def _scalar(root: exp.Expr) -> None:
    """Refuses what would make one row out of many, or many out of one, beside the target."""
    for node in root.walk(prune=lambda each: isinstance(each, exp.Query)):
        if isinstance(node, exp.AggFunc | exp.Window | exp.UDTF | exp.Columns | exp.Star):
            raise refuse("an aggregate, a window or a star beside the table that is written")


def _qualified(root: exp.Expr) -> None:
    """With several tables at hand a bare name may be any of them; the engine and guard must mean the same one."""
    for node in root.walk(prune=lambda each: isinstance(each, exp.Query)):
        if isinstance(node, exp.Column) and not node.table:
            raise RefusedWriteError(
                unsupported(f"the bare name `{node.name}` beside several tables", "write the table before each column")
            )


def _qualified_inside(root: exp.Expr, table: Table, alias: str, dialect: str) -> None:
    """In a subquery a column of the target must say so, and no other table may have the target's alias.

    Else the engine could take a bare name for a column of the row that is written, as it is stored.
    """
    for query in root.find_all(exp.Query):
        for inner in query.find_all(exp.Table, exp.Subquery, exp.CTE):
            if same(inner.alias_or_name, alias, dialect) or lower(inner.alias).startswith(RESERVED):
                cure = "give the tables of subqueries other aliases"
                raise RefusedWriteError(unsupported(f"the alias `{alias}` in a subquery", cure))
        for each in query.find_all(exp.Column):
            if not each.table and any(same(each.name, one.name, dialect) for one in table.columns):
                cure = "write the table's alias before each column of a subquery"
                raise RefusedWriteError(unsupported(f"the bare name `{each.name}` in a subquery", cure))
            if not each.table and same(each.name, alias, dialect):
                raise RefusedWriteError(unsupported("a whole row in a subquery", "name its columns"))
