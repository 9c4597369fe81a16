"""Row filters: from the rule's predicate tree to a SQL condition, typed, qualified, never through text.

A filter sees its table as it is, before masks. Three-valued logic is decided once: a row passes when the condition
is true, and `Not` means "is not true", so a NULL never passes a comparison and always passes its negation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from guard.model import And, Column, Compare, In, InTable, IsNull, Not, Or, Predicate, RowFilter, Scalar, Table
from guard.policy.enforce import mariadb
from guard.policy.enforce.deny import denied
from guard.policy.enforce.names import ENTITLEMENT_ALIAS, TABLE_ALIAS, column_of, quoted
from guard.policy.enforce.types import family, literal

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue

MAX_DEPTH: Final = 32
MAX_VALUES: Final = 10_000

_COMPARE: Final[dict[str, type[exp.Binary]]] = {
    "eq": exp.EQ,
    "ne": exp.NEQ,
    "lt": exp.LT,
    "le": exp.LTE,
    "gt": exp.GT,
    "ge": exp.GTE,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter in SQL and the entitlement tables that it reads."""

    sql: exp.Expr
    reads: tuple[Table, ...]


def condition(row_filter: RowFilter, table: Table, catalogue: Catalogue) -> Condition:
    """The SQL of a row filter over `table`, whose alias is the reserved one.

    Raises:
        AccessDeniedError: the filter names a column that is not there, reads its own table, or holds a value that
            its column's type cannot hold.
    """
    builder = _Builder(row_filter.rule, table, catalogue)
    sql = builder.build(row_filter.predicate, table, TABLE_ALIAS, 0)
    return Condition(sql, tuple(builder.reads))


def mask_condition(predicate: Predicate, rule: str, table: Table, catalogue: Catalogue) -> exp.Expr:
    """The SQL of the condition of a mask's case, over the row that the mask stands in and no other table.

    Raises:
        AccessDeniedError: as `condition`, and where it asks another table.
    """
    builder = _Builder(rule, table, catalogue, "condition of a mask")
    sql = builder.build(predicate, table, TABLE_ALIAS, 0)
    if builder.reads:
        raise builder.refuse("reads another table", "let it ask for columns of the masked table alone")
    return sql


class _Builder:
    def __init__(self, rule: str, table: Table, catalogue: Catalogue, what: str = "row filter") -> None:
        self._rule = rule
        self._what = what
        self._filtered = table
        self._catalogue = catalogue
        self._dialect = catalogue.dialect
        self.reads: list[Table] = []

    def build(self, predicate: Predicate, table: Table, alias: str, depth: int) -> exp.Expr:
        if depth > MAX_DEPTH:
            raise self.refuse("nests too deep", "write it flatter")
        match predicate:
            case Compare(column=name, cmp=cmp, value=value):
                if value is None:
                    return exp.false()
                column = self._column(table, name)
                compared = _COMPARE[cmp](
                    this=column_of(alias, column.name), expression=self._literal(table, column, value)
                )
                return self._exactly(compared, column)
            case In(column=name, values=values):
                return self._in(self._column(table, name), table, alias, values)
            case IsNull(column=name):
                column = self._column(table, name)
                return exp.Is(this=column_of(alias, column.name), expression=exp.Null())
            case InTable():
                return self._in_table(predicate, table, alias, depth)
            case Not(inner=inner):
                return exp.Not(this=_is_true(self.build(inner, table, alias, depth + 1)))
            case And(all=parts):
                return _join(exp.And, [self.build(part, table, alias, depth + 1) for part in parts], exp.true())
            case Or(any=parts):
                return _join(exp.Or, [self.build(part, table, alias, depth + 1) for part in parts], exp.false())
        raise self.refuse("has an operator that guard does not know", "use the operators of the rule reference")

    def _in(self, column: Column, table: Table, alias: str, values: tuple[Scalar, ...]) -> exp.Expr:
        present = [value for value in values if value is not None]  # NULL equals nothing
        if len(present) > MAX_VALUES:
            raise self.refuse("lists too many values", "put them into an entitlement table")
        if not present:
            return exp.false()
        literals = [self._literal(table, column, value) for value in present]
        return self._exactly(exp.In(this=column_of(alias, column.name), expressions=literals), column)

    def _exactly(self, compared: exp.Expr, column: Column) -> exp.Expr:
        """In MariaDB texts are equal by collation; a rule means the same characters. The plain form finds the index."""
        if self._dialect != mariadb.DIALECT or family(column.type, self._dialect) != "text":
            return compared
        exact = compared.copy()
        exact.set("this", mariadb.exact(compared.this))
        match exact:
            case exp.In():
                exact.set("expressions", [mariadb.exact(each) for each in compared.expressions])
            case exp.EQ() | exp.NEQ():
                exact.set("expression", mariadb.exact(compared.expression))
            case _:
                return compared
        return exact if isinstance(exact, exp.NEQ) else exp.Paren(this=exp.And(this=compared, expression=exact))

    def _in_table(self, predicate: InTable, table: Table, alias: str, depth: int) -> exp.Expr:
        node = exp.to_table(predicate.table, dialect=self._dialect)
        entitlement = self._catalogue.find(node)
        if entitlement is None:
            raise self.refuse(f"reads `{predicate.table}`, which is not in the catalogue", "run `guard scan` on it")
        if entitlement.kind not in {"table", "file", "frame"}:
            raise self.refuse(f"reads `{entitlement.name}`, which is no plain table", "name a table")
        if entitlement.name == self._filtered.name:
            raise self.refuse("reads the table that it filters", "keep entitlements in a table of their own")
        column, selected = self._column(table, predicate.column), self._column(entitlement, predicate.select)
        if family(column.type, self._dialect) != family(selected.type, self._dialect):
            raise self.refuse(f"compares `{column.name}` with `{selected.name}` of another type", "use one type")
        self.reads.append(entitlement)
        inner = f"{ENTITLEMENT_ALIAS}{depth}"
        text = self._dialect == mariadb.DIALECT and family(column.type, self._dialect) == "text"
        told, sought = column_of(inner, selected.name), column_of(alias, column.name)
        select = exp.Select(expressions=[mariadb.exact(told) if text else told])
        select.set("from_", exp.From(this=qualified(entitlement, inner)))
        if predicate.where is not None:
            select.set("where", exp.Where(this=self.build(predicate.where, entitlement, inner, depth + 1)))
        return exp.In(this=mariadb.exact(sought) if text else sought, query=exp.Subquery(this=select))

    def _column(self, table: Table, name: str) -> Column:
        column = table.column(name)
        if column is None:
            raise self.refuse(f"names `{name}`, which `{table.name}` does not have", "name a column of the table")
        return column

    def _literal(self, table: Table, column: Column, value: Scalar) -> exp.Expr:
        built = literal(value, column.type, self._dialect)
        if built is None:
            where = f"`{table.name}.{column.name}`"
            raise self.refuse(f"compares {where} with a value that its type cannot hold", "give a value of that type")
        return built

    def refuse(self, what: str, cure: str) -> Exception:
        return denied(f"{self._what} of rule `{self._rule}` {what}", cure)


def _is_true(inner: exp.Expr) -> exp.Expr:
    return exp.Is(this=exp.Paren(this=inner), expression=exp.Boolean(this=True))


def _join(operator: type[exp.Connector], parts: list[exp.Expr], empty: exp.Expr) -> exp.Expr:
    if not parts:
        return empty
    joined: exp.Expr = exp.Paren(this=parts[0])
    for part in parts[1:]:
        joined = operator(this=joined, expression=exp.Paren(this=part))
    return joined


def qualified(table: Table, alias: str) -> exp.Table:
    """A reference that names the table in full, so that no search path and no other name can take its place."""
    name = table.name
    return exp.Table(
        this=quoted(name.name),
        db=quoted(name.schema) if name.schema else None,
        catalog=quoted(name.catalog) if name.catalog else None,
        alias=exp.TableAlias(this=quoted(alias)),
    )
