"""INSERT with a clause for conflicts: ON CONFLICT, and MariaDB's ON DUPLICATE KEY UPDATE.

A conflict tells that a row with these keys is there, whoever has it. So the clause is refused where the target has a
row filter (MERGE says the same without that look), or where a key is masked. MariaDB looks at every unique key and
does not say at which, so there no column of the table may be masked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from guard.model import Column, RowFilter, Table
from guard.policy.enforce.deny import denied
from guard.policy.enforce.names import TABLE_ALIAS, quoted, same
from guard.policy.enforce.writes.over import assignments, column, over
from guard.policy.enforce.writes.refused import refuse
from guard.policy.enforce.writes.write import Conflict, Write

if TYPE_CHECKING:
    from collections.abc import Collection

    from guard.model import Decision
    from guard.policy.enforce.writes.compose import Seen
    from guard.sql.catalogue import Catalogue

NEW: Final = "excluded"  # the engines' name for the row that was not inserted
_PARTS: Final = frozenset({"duplicate", "expressions", "action", "conflict_keys", "where"})


def upsert(
    statement: exp.Expr, table: Table, node: exp.Table, columns: tuple[Column, ...], catalogue: Catalogue
) -> Write:
    """The parts of an INSERT with a clause for conflicts; its source is the caller's to add.

    Raises:
        RefusedWriteError: a form of the clause that guard does not enforce.
    """
    dialect = catalogue.dialect
    clause, alias = statement.args["conflict"], node.alias or node.name
    if any(value and part not in _PARTS for part, value in clause.args.items()):
        raise refuse("a constraint or a condition as the target of ON CONFLICT", "name the columns of the key")
    if same(alias, NEW, dialect):
        raise refuse(f"the alias `{alias}` for the target of an upsert", "give it another alias")
    duplicate = bool(clause.args.get("duplicate"))
    if duplicate != (dialect == "mysql"):
        raise refuse("a clause for conflicts of another engine")
    keys = table.columns if duplicate else _keys(clause, table, catalogue)
    changes, values = assignments(clause.expressions or (), table, alias, catalogue)
    if not changes and clause.args["action"].name.upper() != "DO NOTHING":
        raise refuse("a clause for conflicts without SET")
    where = clause.args.get("where")
    if any(each.find(exp.Query) for each in (*values, *([where] if where is not None else []))):
        raise refuse("a subquery in a clause for conflicts", "read the value in the query of the new rows")
    name = (node.args["alias"].this if node.alias else node.this).copy()
    values = [_named(each, name, dialect) for each in values]
    conditions = [_named(where.this, name, dialect)] if where is not None else []
    returning = statement.args.get("returning")
    if returning is not None:
        if any(isinstance(each, exp.Star) for each in returning.expressions):
            raise refuse("RETURNING * of an upsert", "name the columns")
        returning = _named(returning, name, dialect)
    new = exp.Select(
        expressions=[exp.alias_(exp.Null(), exp.to_identifier(each.name, quoted=True)) for each in columns]
    )
    joins = [exp.Join(this=exp.Subquery(this=new, alias=exp.TableAlias(this=exp.to_identifier(NEW))))]
    write = over(
        "upsert",
        table,
        node,
        columns,
        catalogue,
        values=values,
        joins=joins,
        where=conditions,
        returning=returning,
        also=(*changes, *keys),
    )
    write.conflict = Conflict(keys, changes)
    return write


def _keys(clause: exp.Expr, table: Table, catalogue: Catalogue) -> tuple[Column, ...]:
    found = []
    for each in clause.args.get("conflict_keys") or ():
        named = each.this if isinstance(each, exp.Ordered) else each
        if not isinstance(named, exp.Column | exp.Identifier):
            raise refuse("an expression as the target of ON CONFLICT", "name the columns of the key")
        found.append(column(named.this if isinstance(named, exp.Column) else named, table, catalogue))
    if not found:
        raise refuse("ON CONFLICT without the columns of the key", "name them: `ON CONFLICT (id) ...`")
    return tuple(found)


def _named(root: exp.Expr, alias: exp.Expr, dialect: str) -> exp.Expr:
    """Bare names are the target's, and MariaDB's VALUES(a) is the new row's."""
    holder = exp.Paren(this=root.copy())
    for each in list(holder.find_all(exp.Anonymous)):
        if dialect == "mysql" and str(each.this).upper() == "VALUES" and len(each.expressions) == 1:
            own = each.expressions[0]
            own = own.this if isinstance(own, exp.Column) and not own.table else own
            if isinstance(own, exp.Identifier):
                each.replace(exp.Column(this=own.copy(), table=exp.to_identifier(NEW)))
    for node in holder.walk(prune=lambda each: isinstance(each, exp.Query)):
        if isinstance(node, exp.Column) and not node.table and isinstance(node.this, exp.Identifier):
            node.set("table", alias.copy())
    found = holder.this
    assert isinstance(found, exp.Expr)
    return found


def hold_conflict(write: Write, decision: Decision, masked: Collection[str]) -> None:
    """Refuses an upsert that could tell of what is hidden.

    Raises:
        AccessDeniedError: the target has a row filter, or a key or a changed column is masked.
    """
    if write.conflict is None:
        return
    if any(isinstance(owed, RowFilter) and owed.table == write.name for owed in decision.obligations):
        raise denied(
            f"a conflict would tell which rows of `{write.name}` are there, and this subject has only some",
            "write a MERGE (PostgreSQL, DuckDB), or an UPDATE and an INSERT of the rows that are missing",
            decision=decision.id,
        )
    for each in (*write.conflict.keys, *write.conflict.columns):
        if each.name in masked:
            raise denied(
                f"`{write.name}.{each.name}` is masked for this subject, and a conflict would compare or change it",
                "write an UPDATE and an INSERT, or ask for a grant that shows the column",
                decision=decision.id,
            )


def clause(write: Write, table: Table, seen: Seen, dialect: str) -> exp.OnConflict:
    """The clause that runs."""
    assert write.conflict is not None
    named = write.conflict
    pairs = zip(named.columns, seen.assigned, strict=True)
    where = exp.Where(this=seen.condition.copy()) if seen.condition is not None else None
    sets = [exp.EQ(this=exp.column(quoted(own.name)), expression=_new(value, table, dialect)) for own, value in pairs]
    if dialect == "mysql":
        return exp.OnConflict(duplicate=True, expressions=sets, action=exp.var("UPDATE"))
    return exp.OnConflict(
        duplicate=False,
        conflict_keys=[exp.column(quoted(each.name)) for each in named.keys],
        expressions=sets,
        action=exp.var("DO UPDATE" if sets else "DO NOTHING"),
        where=where,
    )


def _new(value: exp.Expr, table: Table, dialect: str) -> exp.Expr:
    """In MariaDB the new row has no name but VALUES(), and the target none but its own."""
    if dialect != "mysql":
        return value
    holder = exp.Paren(this=value)
    for each in list(holder.find_all(exp.Column)):
        if each.table == TABLE_ALIAS and each.find_ancestor(exp.Query) is None:
            each.set("table", quoted(table.name.name))
        elif each.table == NEW:
            each.replace(exp.Anonymous(this="VALUES", expressions=[each.this.copy()]))
    found = holder.this
    assert isinstance(found, exp.Expr)
    return found
