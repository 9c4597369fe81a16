"""From the rewritten SELECTs of a write back to one statement that writes.

    UPDATE t SET a = e WHERE c      becomes      UPDATE t AS guard_t SET a = e' WHERE filter AND c'

where e' and c' read the columns of the row through their masks, and the rows are those of the filter alone. A new row
must pass the filter as well: a row that its author could not see afterwards is not written, and the count tells.
Where anything can fail on a value, the condition stands in a CASE behind the filter, which no engine evaluates for a
hidden row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from guard.model import Column, Table
from guard.policy.enforce.deny import denied
from guard.policy.enforce.names import TABLE_ALIAS, key, quoted
from guard.policy.enforce.predicates import qualified
from guard.policy.enforce.writes import merge, upsert
from guard.policy.enforce.writes.write import Write

NEW_ROWS = "guard_n"


class Seen:
    """The rewritten SELECT over the target, taken apart: what each column is seen as, the filter, the rest.

    `beside` are the wraps of the tables that are joined to the target, as they are.
    """

    def __init__(self, tree: exp.Expr, write: Write, dialect: str) -> None:
        source = tree.args["from_"].this if isinstance(tree, exp.Select) and tree.args.get("from_") else None
        if not isinstance(source, exp.Subquery) or not isinstance(source.this, exp.Select) or write.target is None:
            raise denied("the table that is written was not wrapped", "this is a fault in guard; nothing was run")
        assert isinstance(tree, exp.Select)
        self._dialect = dialect
        self._alias = key(write.alias, dialect)
        self.columns: Mapping[str, exp.Expr] = {key(each.alias, dialect): each.this for each in source.this.expressions}
        self.fenced = source.this.args.get("offset") is not None
        filters = source.this.args.get("where")
        self.filter: exp.Expr | None = filters.this if filters is not None else None
        self.beside: Sequence[exp.Join] = tree.args.get("joins") or []
        where = tree.args.get("where")
        self.condition = self.through(where.this) if where is not None else None
        outputs = [each.unalias() for each in tree.expressions]
        end = write.assigned + len(write.returned)
        self.assigned = [self.through(each) for each in outputs[: write.assigned]]
        self.returned = [self.through(each) for each in outputs[write.assigned : end]]

    def through(self, root: exp.Expr) -> exp.Expr:
        """`root` with every column of the target replaced by what the wrap shows of it."""
        holder = exp.Paren(this=root.copy())
        for column in list(holder.find_all(exp.Column)):
            inside = column.find_ancestor(exp.Query) is not None
            if column.table and key(column.table, self._dialect) != self._alias:
                continue
            if not column.table and inside:
                continue
            shown = self.columns.get(key(column.name, self._dialect))
            if shown is None:
                raise denied(f"`{column.name}` is no column of the table that is written", "check the spelling")
            column.replace(exp.Paren(this=shown.copy()) if not isinstance(shown, exp.Column) else shown.copy())
        found = holder.this
        assert isinstance(found, exp.Expr)
        return found

    def where(self) -> exp.Where | None:
        """The filter, and the statement's own condition behind it."""
        if self.filter is None or self.condition is None:
            only = self.filter if self.condition is None else self.condition
            return exp.Where(this=only.copy()) if only is not None else None
        condition: exp.Expr = exp.Paren(this=self.condition.copy())
        if self.fenced and not self.beside:  # the condition of a join cannot fail; it was held before
            behind = exp.If(this=self.filter.copy(), true=condition)
            condition = exp.Case(ifs=[behind], default=exp.false())
        return exp.Where(this=exp.And(this=exp.Paren(this=self.filter.copy()), expression=condition))


def compose(write: Write, source: exp.Expr | None, seen: Seen | None, dialect: str) -> exp.Expr:
    """The statement that runs."""
    if write.target is None:
        assert source is not None
        made = exp.Table(this=quoted(write.name.name), db=quoted(write.name.schema))
        return exp.Create(this=made, kind="TABLE", expression=source)
    assert seen is not None
    target = qualified(write.target, TABLE_ALIAS)
    returning = _returning(write, seen)
    if write.action == "merge":
        return merge.composed(write, write.target, seen, dialect)
    if write.action in {"insert", "upsert"}:
        assert source is not None
        return _insert(write, write.target, source, seen, returning, dialect)
    joins = [join.copy() for join in seen.beside]
    if dialect == "mysql":
        target.set("joins", joins)
    if write.action == "update":
        name = quoted(TABLE_ALIAS) if joins and dialect == "mysql" else None
        pairs = zip(write.columns, seen.assigned, strict=True)
        sets = [exp.EQ(this=exp.column(quoted(column.name), name), expression=value) for column, value in pairs]
        from_ = exp.From(this=_chained(joins)) if joins and dialect != "mysql" else None
        return exp.Update(this=target, expressions=sets, from_=from_, where=seen.where(), returning=returning)
    several = [exp.Table(this=quoted(TABLE_ALIAS))] if dialect == "mysql" and returning is None else None
    if dialect == "mysql" and returning is not None:
        raise denied("MariaDB cannot return what is deleted under an alias", "leave RETURNING out")
    using = [_chained(joins)] if joins and dialect != "mysql" else None
    return exp.Delete(this=target, tables=several, using=using, where=seen.where(), returning=returning)


def _chained(joins: list[exp.Join]) -> exp.Expr:
    """The first relation with the others joined to it, as FROM and USING of a write take them."""
    first = joins[0].this
    assert isinstance(first, exp.Expr)
    if joins[1:]:
        first.set("joins", joins[1:])
    return first


def _insert(
    write: Write, table: Table, source: exp.Expr, seen: Seen, returning: exp.Returning | None, dialect: str
) -> exp.Expr:
    conflict = upsert.clause(write, table, seen, dialect) if write.conflict is not None else None
    into = qualified(table, TABLE_ALIAS)
    if conflict is None or dialect == "mysql":
        into.set("alias", None)
    schema = exp.Schema(this=into, expressions=[quoted(column.name) for column in write.columns])
    rows: exp.Expr = source
    if seen.filter is not None or conflict is not None:
        rows = _checked(write.columns, table, source, seen.filter or exp.true(), dialect)
    return exp.Insert(this=schema, expression=rows, conflict=conflict, returning=returning)


def _checked(columns: Sequence[Column], table: Table, source: exp.Expr, filters: exp.Expr, dialect: str) -> exp.Expr:
    """The new rows that pass the filter, which may ask only for columns that they give."""
    given = {column: exp.column(quoted(column.name), table=quoted(NEW_ROWS)) for column in columns}
    alias = exp.TableAlias(this=quoted(NEW_ROWS), columns=[quoted(column.name) for column in columns])
    outputs = [merge.typed(value.copy(), column, dialect) for column, value in given.items()]
    select = exp.Select(expressions=outputs, from_=exp.From(this=exp.Table(this=quoted(NEW_ROWS))))
    select.set("where", exp.Where(this=merge.on_new_row(filters, table, given).this))
    select.set("with_", exp.With(expressions=[exp.CTE(this=source, alias=alias)]))
    return select


def _returning(write: Write, seen: Seen) -> exp.Returning | None:
    """What comes back: every column as it is seen, by its bare name, which every engine knows there."""
    if not write.returned:
        return None
    shown = []
    if seen.beside and write.conflict is None:  # PostgreSQL alone: its aliases hold there
        return exp.Returning(
            expressions=[exp.alias_(v, quoted(n)) for v, n in zip(seen.returned, write.returned, strict=True)]
        )
    for value, name in zip(seen.returned, write.returned, strict=True):
        bare = value.copy()
        for column in bare.find_all(exp.Column):
            if column.table == TABLE_ALIAS:
                column.set("table", None)
        own = exp.column(quoted(value.name)) if isinstance(value, exp.Column) else bare
        shown.append(exp.alias_(own, quoted(name)))
    return exp.Returning(expressions=shown)
