"""A statement that writes, taken apart: what it writes, and the SELECTs that say what it reads.

One target, no order and no limit. What is read stands in ordinary SELECTs over the target, the tables beside it and
whatever the statement's subqueries name, so that facts, review, rewriting and proof of queries hold for them as they
are. MERGE stands in `merge.py`, what happens on a conflict in `upsert.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from guard.model import Gap, TableName
from guard.policy.enforce.deny import unsupported
from guard.policy.enforce.names import same
from guard.policy.enforce.writes.merge import merge
from guard.policy.enforce.writes.over import assignments, beside, column, over, target
from guard.policy.enforce.writes.refused import RefusedWriteError, refuse
from guard.policy.enforce.writes.upsert import upsert
from guard.policy.enforce.writes.write import Action, Write

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue

KINDS: Final = (exp.Insert, exp.Update, exp.Delete, exp.Create, exp.Merge)

MAX_ROWS: Final = 50  # of VALUES in MariaDB, where each is an arm of a UNION

_PARTS: Final[dict[type[exp.Expr], frozenset[str]]] = {
    exp.Insert: frozenset({"this", "expression", "returning", "conflict"}),
    exp.Update: frozenset({"this", "expressions", "from_", "where", "returning"}),
    exp.Delete: frozenset({"this", "tables", "using", "where", "returning"}),
    exp.Create: frozenset({"this", "kind", "expression"}),
    exp.Merge: frozenset({"this", "using", "on", "whens"}),
}


def is_write(statement: exp.Expr) -> bool:
    """Whether this is a kind of statement that may be granted as a write."""
    return isinstance(statement, KINDS)


def shape(statement: exp.Expr, catalogue: Catalogue) -> Write:
    """The parts of `statement`, which is not changed.

    Raises:
        RefusedWriteError: another statement, or one with a clause that is not enforced.
    """
    if not is_write(statement):
        raise refuse(f"statement `{statement.key}`")
    for part, value in statement.args.items():
        if value and part not in _PARTS[type(statement)]:
            raise refuse(f"`{part.strip('_')}` in {statement.key}")
    match statement:
        case exp.Insert():
            return _insert(statement, catalogue)
        case exp.Update() | exp.Delete():
            return _joined(statement, catalogue)
        case exp.Merge():
            return merge(statement, catalogue)
    return _create(statement, catalogue)


def _insert(statement: exp.Expr, catalogue: Catalogue) -> Write:
    into = statement.this
    table, node = target(into.this if isinstance(into, exp.Schema) else into, catalogue)
    source = statement.args.get("expression")
    if not isinstance(source, exp.Query | exp.Values):
        raise refuse("INSERT without VALUES or a query")
    if isinstance(source, exp.Values) and source.args.get("alias"):
        raise refuse("an alias on the new rows")
    named = into.expressions if isinstance(into, exp.Schema) else None
    columns = table.columns if named is None else tuple(column(each, table, catalogue) for each in named)
    if statement.args.get("conflict") is not None:
        write = upsert(statement, table, node, columns, catalogue)
    else:
        write = over("insert", table, node, columns, catalogue, returning=statement.args.get("returning"))
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


def _joined(statement: exp.Expr, catalogue: Catalogue) -> Write:
    """UPDATE and DELETE, with the tables that they join to their target."""
    dialect = catalogue.dialect
    node = statement.this
    conditions: list[exp.Expr] = []
    further = [source.this] if (source := statement.args.get("from_")) is not None else []
    further += statement.args.get("using") or []
    joins: list[exp.Join] = []
    if dialect == "mysql" and isinstance(node, exp.Table):
        node, joins, conditions = _mariadb(statement, node)
    elif statement.args.get("tables"):
        raise refuse("DELETE of several tables")
    if further and (dialect == "mysql" or (dialect == "sqlite" and isinstance(statement, exp.Delete))):
        raise refuse("USING or FROM beside the target", "write a join (MariaDB), or a subquery in WHERE (SQLite)")
    table, node = target(node, catalogue)
    alias = node.alias or node.name
    joins += beside(further, alias, dialect)
    where = statement.args.get("where")
    conditions += [where.this] if where is not None else []
    returning = statement.args.get("returning")
    if joins and returning is not None and dialect != "postgres":
        raise refuse("RETURNING beside further tables", "leave RETURNING out")
    columns, values = assignments(statement.args.get("expressions") or (), table, alias, catalogue)
    action: Action = "update" if isinstance(statement, exp.Update) else "delete"
    return over(
        action, table, node, columns, catalogue, values=values, joins=joins, where=conditions, returning=returning
    )


def _mariadb(statement: exp.Expr, node: exp.Table) -> tuple[exp.Table, list[exp.Join], list[exp.Expr]]:
    """MariaDB joins right at the target: the target alone, the joins, and their conditions, which join the WHERE.

    Only inner joins: an outer one would write rows that have no partner.
    """
    own = node.copy()
    joined = own.args.pop("joins", None) or []
    alias = own.alias or own.name
    named = statement.args.get("tables") or []
    if len(named) > 1 or any(not same(each.name, alias, "mysql") or each.args.get("db") for each in named):
        raise refuse("DELETE of other than the first table that is joined")
    if any(join.side or join.kind not in {"", "INNER", "CROSS"} for join in joined):
        raise refuse("an outer join beside the target", "use inner joins, or a subquery in WHERE")
    conditions = [join.args["on"] for join in joined if join.args.get("on") is not None]
    plain = [join.copy() for join in joined]
    for join in plain:
        join.set("on", None)
        join.set("kind", None)
    relations = beside([join.this for join in plain], alias, "mysql")
    if any(value and part not in {"this", "kind"} for join in plain for part, value in join.args.items()):
        raise refuse("NATURAL or USING beside the target", "write the condition out, in ON or in WHERE")
    return own, relations, conditions


def _create(statement: exp.Expr, catalogue: Catalogue) -> Write:
    node, query = statement.this, statement.args.get("expression")
    if statement.args.get("kind") != "TABLE" or not isinstance(node, exp.Table) or not isinstance(query, exp.Query):
        raise refuse("CREATE of other than a table from a query")
    schema = node.text("db") or catalogue.default_schema
    if node.args.get("catalog") or schema.lower() != catalogue.default_schema.lower() or node.args.get("alias"):
        raise refuse("a new table outside of the default schema")
    name = TableName(node.name if node.this.args.get("quoted") else catalogue.names_of.of(node.this), schema)
    if catalogue.get(name) is not None or node.name.startswith("guard_") or not node.name:
        raise refuse(f"a new table `{name}`, whose name is taken")
    if not all(query.named_selects) or "*" in query.named_selects:
        raise RefusedWriteError(unsupported("a new table with columns that have no name", "name each column"))
    return Write("create", name, None, source=query.copy())
