"""The proof of a write: the text that is about to run, held against the proven SELECTs that it was made of.

Each SELECT has its own proof (`enforce/prove.py`). Here: the statement is of its kind and writes its one table; no
other table stands in it but in a wrap that was proven; each column of the target is read as the proven wrap shows it;
the filter stands first; no masked or undecided column is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from guard.errors import ParseError
from guard.model import Decision, Mask, Table
from guard.policy.enforce.deny import denied
from guard.policy.enforce.writes.merge import on_new_row, typed
from guard.policy.enforce.writes.write import Write
from guard.sql.catalogue import Catalogue
from guard.sql.limits import SCRIPT_LIMITS
from guard.sql.parse import parse

_WRAP = "guard_t"
_KINDS = {
    "insert": exp.Insert,
    "upsert": exp.Insert,
    "update": exp.Update,
    "delete": exp.Delete,
    "create": exp.Create,
    "merge": exp.Merge,
}


def prove_write(sql: str, proven: Sequence[str], write: Write, catalogue: Catalogue, decision: Decision) -> None:
    """Returns when `sql` provably writes what it may, and reads only what the `proven` texts read.

    Raises:
        AccessDeniedError: something is not accounted for; nothing runs.
    """
    try:
        tree = parse(sql, catalogue.dialect, limits=SCRIPT_LIMITS)
        sources = [parse(text, catalogue.dialect, limits=SCRIPT_LIMITS) for text in proven]
    except ParseError:
        raise _fault("the enforced text does not parse", decision) from None
    _hold(isinstance(tree, _KINDS[write.action]), "it is another kind of statement", decision)
    wraps = {node.sql() for source in sources for node in source.find_all(exp.Select) if _is_wrap(node)}
    target = _target(tree)
    _hold(target is not None, "it writes no table", decision)
    assert target is not None
    if write.target is not None:
        found = catalogue.find(target)
        _hold(found is not None and found.name == write.target.name, "it writes another table", decision)
        _hold(bool(target.args.get("db")) or not write.name.schema, "its target is not qualified", decision)
    filters = _filters(sources[-1]) if write.target is not None else None
    asked = [filters, *_asked_of_new(tree, filters, write, catalogue.dialect)] if filters is not None else []
    checked = {id(table) for one in asked for table in _entitlements(tree, one)}
    for table in tree.find_all(exp.Table):
        if table is target or id(table) in checked or _is_name(table) or isinstance(table.this, exp.Func):
            continue
        owner = table.find_ancestor(exp.Select)
        while owner is not None and not _is_wrap(owner):
            owner = owner.find_ancestor(exp.Select)
        _hold(owner is not None and owner.sql() in wraps, f"`{table.name}` is not read as it was proven", decision)
    if write.target is not None:
        if write.conflict is not None:
            _hold(filters is None, "a conflict could tell of hidden rows", decision)
            _own_names(tree, write.target)
        _columns(tree, sources[-1], write, catalogue.dialect, decision)


def _columns(tree: exp.Expr, seen: exp.Expr, write: Write, dialect: str, decision: Decision) -> None:
    wrap = _target_wrap(seen)
    _hold(wrap is not None, "the target was not proven", decision)
    assert wrap is not None
    masked = {owed.column for owed in decision.obligations if isinstance(owed, Mask) and owed.table == write.name}
    decided = {use.column for use in decision.facts.columns if use.table == write.name} if decision.facts else set()
    keys = write.conflict.keys if write.conflict is not None else ()
    for column in (*write.columns, *write.changed, *keys):
        _hold(column.name not in masked, f"`{column.name}` is masked and is written", decision)
        _hold(column.name in decided, f"`{column.name}` was not decided upon and is written", decision)
    filters = wrap.args.get("where")
    allowed = {_spelt(output.this) for output in wrap.expressions}
    if filters is not None:
        allowed.add(_spelt(filters.this))
        held = _checks(tree, filters.this, _asked_of_new(tree, filters.this, write, dialect))
        _hold(held, "the rows that may be written are not checked", decision)
    for root in _read(tree):
        for node in root.walk(prune=lambda each: _is_wrap(each) or _spelt(each) in allowed):
            if isinstance(node, exp.Column) and not _is_wrap(node) and _spelt(node) not in allowed:
                own = node.table == _WRAP or (not node.table and node.find_ancestor(exp.Query) is None)
                _hold(not own, f"`{node.name}` is read as it is stored", decision)


def _target_wrap(seen: exp.Expr) -> exp.Select | None:
    """The wrap of the target, which stands first in the SELECT over it."""
    from_ = seen.args.get("from_")
    inner = from_.this.this if from_ is not None and isinstance(from_.this, exp.Subquery) else None
    return inner if isinstance(inner, exp.Select) and _is_wrap(inner) else None


def _own_names(tree: exp.Expr, target: Table) -> None:
    """MariaDB's clause for conflicts names the target by its own name: read as the alias that it has elsewhere."""
    clause = tree.args.get("conflict")
    if clause is None or not clause.args.get("duplicate"):
        return
    for column in clause.find_all(exp.Column):
        if column.table == target.name.name:
            column.set("table", exp.to_identifier(_WRAP, quoted=True))


def _new_rows(tree: exp.Expr) -> Iterator[tuple[exp.Expr, list[str], list[exp.Expr]]]:
    """The branches of a MERGE that insert: the branch, the names of its columns, its values."""
    whens = tree.args.get("whens")
    for when in whens.expressions if whens is not None else ():
        then = when.args.get("then")
        if isinstance(then, exp.Insert):
            yield when, [column.name for column in then.this.expressions], then.expression.expressions


def _asked_of_new(tree: exp.Expr, filters: exp.Expr, write: Write, dialect: str) -> list[exp.Expr]:
    """The filter as each inserting branch must ask it of its own values."""
    assert write.target is not None
    found = []
    for _, names, values in _new_rows(tree):
        given = {
            own: typed(value.copy(), own, dialect)
            for name, value in zip(names, values, strict=False)
            if (own := write.target.column(name)) is not None
        }
        found.append(on_new_row(filters, write.target, given).this)
    return found


def _filters(seen: exp.Expr) -> exp.Expr | None:
    """The filter of the target, in the SELECT that reads it."""
    wrap = _target_wrap(seen)
    where = wrap.args.get("where") if wrap is not None else None
    return where.this if where is not None else None


def _entitlements(tree: exp.Expr, filters: exp.Expr | None) -> Iterator[exp.Table]:
    """The tables that the target's filter reads, wherever that very filter stands."""
    if filters is None or filters.find(exp.Table) is None:
        return
    wanted, kind = _spelt(filters.unnest()), type(filters.unnest())
    for node in tree.find_all(kind):
        if _spelt(node) == wanted:
            yield from node.find_all(exp.Table)


def _checks(tree: exp.Expr, filters: exp.Expr, asked: Sequence[exp.Expr]) -> bool:
    """Whether the filter is the whole condition of the write, or its first part; in a MERGE, of every part that could
    meet a hidden row, or make a row that its author does not have.
    """
    if isinstance(tree, exp.Merge):
        inserting = [when for when, _, _ in _new_rows(tree)]
        alone = [
            when for when in tree.args["whens"].expressions if when.args.get("source") and not when.args["matched"]
        ]
        return (
            _begins(tree.args.get("on"), filters)
            and all(_begins(when.args.get("condition"), filters) for when in alone)
            and all(_begins(when.args.get("condition"), own) for when, own in zip(inserting, asked, strict=True))
        )
    if isinstance(tree, exp.Insert):
        where = tree.expression.args.get("where") if isinstance(tree.expression, exp.Select) else None
    else:
        where = tree.args.get("where")
    return where is not None and _begins(where.this, filters)


def _begins(condition: exp.Expr | None, filters: exp.Expr) -> bool:
    wanted = _spelt(filters.unnest())
    while condition is not None:
        if _spelt(condition.unnest()) == wanted:
            return True
        if not isinstance(condition, exp.And):
            return False
        condition = condition.this
    return False


def _read(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The places of a write where the row that is written is read."""
    if isinstance(tree, exp.Update):
        yield from (each.expression for each in tree.expressions)
    for part in ("where", "from_", "on"):
        if isinstance(tree.args.get(part), exp.Expr):
            yield tree.args[part]
    yield from tree.args.get("using") or () if isinstance(tree, exp.Delete) else ()
    yield from tree.this.args.get("joins") or ()
    if tree.args.get("returning") is not None:
        yield from (each.unalias() for each in tree.args["returning"].expressions)
    clause = tree.args.get("conflict")
    if clause is not None:
        yield from (each.expression for each in clause.expressions or ())
        if clause.args.get("where") is not None:
            yield clause.args["where"]
    for when in tree.args["whens"].expressions if tree.args.get("whens") is not None else ():
        if when.args.get("condition") is not None:
            yield when.args["condition"]
        then = when.args.get("then")
        if isinstance(then, exp.Update):
            yield from (each.expression for each in then.expressions)
        elif isinstance(then, exp.Insert):
            yield from then.expression.expressions


def _target(tree: exp.Expr) -> exp.Table | None:
    node = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    return node if isinstance(node, exp.Table) else None


def _is_name(table: exp.Table) -> bool:
    """A common table expression of guard's, the new rows, or the alias before MariaDB's `DELETE ... FROM`."""
    bare = not table.args.get("db")
    return bare and (table.name.startswith("guard_cte_") or table.name in {"guard_n", _WRAP})


def _is_wrap(node: exp.Expr) -> bool:
    source = node.args.get("from_") if isinstance(node, exp.Select) else None
    return source is not None and isinstance(source.this, exp.Table) and source.this.alias == _WRAP


def _spelt(node: exp.Expr) -> str:
    """A part as text, by bare names for the columns of the target, and of the new rows."""
    copy = exp.Paren(this=node.copy())
    for column in copy.find_all(exp.Column):
        if column.table in {_WRAP, "guard_n"}:
            column.set("table", None)
    return copy.this.sql() if isinstance(copy.this, exp.Expr) else ""


def _hold(fact: bool, otherwise: str, decision: Decision) -> None:  # noqa: FBT001 - reads as a sentence
    if not fact:
        raise _fault(otherwise, decision)


def _fault(what: str, decision: Decision) -> Exception:
    cure = "this is a fault in guard; nothing was run; report the shape of the statement"
    return denied(f"the enforced write could not be proved: {what}", cure, decision=decision.id)
