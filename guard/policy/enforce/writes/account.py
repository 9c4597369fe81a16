"""The proof of a write: the text that is about to run, held against the proven SELECTs that it was made of.

Each SELECT has its own proof (`enforce/prove.py`). Here: the statement is of its kind and writes its one table; no
other table stands in it but in a wrap that was proven; each column of the target is read as the proven wrap shows it;
the filter stands first; no masked or undecided column is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from guard.errors import ParseError
from guard.model import Decision, Mask
from guard.policy.enforce.deny import denied
from guard.policy.enforce.writes.shape import Write
from guard.sql.catalogue import Catalogue
from guard.sql.limits import SCRIPT_LIMITS
from guard.sql.parse import parse

_WRAP = "guard_t"
_KINDS = {"insert": exp.Insert, "update": exp.Update, "delete": exp.Delete, "create": exp.Create}


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
    checked = {id(table) for table in _entitlements(tree, filters)}
    for table in tree.find_all(exp.Table):
        if table is target or id(table) in checked or _is_name(table) or isinstance(table.this, exp.Func):
            continue
        owner = table.find_ancestor(exp.Select)
        while owner is not None and not _is_wrap(owner):
            owner = owner.find_ancestor(exp.Select)
        _hold(owner is not None and owner.sql() in wraps, f"`{table.name}` is not read as it was proven", decision)
    if write.target is not None:
        _columns(tree, sources[-1], write, decision)


def _columns(tree: exp.Expr, seen: exp.Expr, write: Write, decision: Decision) -> None:
    wrap = next((node for node in seen.find_all(exp.Select) if _is_wrap(node)), None)
    _hold(wrap is not None, "the target was not proven", decision)
    assert wrap is not None
    masked = {owed.column for owed in decision.obligations if isinstance(owed, Mask) and owed.table == write.name}
    decided = {use.column for use in decision.facts.columns if use.table == write.name} if decision.facts else set()
    for column in write.columns:
        _hold(column.name not in masked, f"`{column.name}` is masked and is written", decision)
        _hold(column.name in decided, f"`{column.name}` was not decided upon and is written", decision)
    filters = wrap.args.get("where")
    allowed = {_spelt(output.this) for output in wrap.expressions}
    if filters is not None:
        allowed.add(_spelt(filters.this))
        held = _checks(tree, filters.this)
        _hold(held, "the rows that may be written are not checked", decision)
    for root in _read(tree):
        for node in root.walk(prune=lambda each: _is_wrap(each) or _spelt(each) in allowed):
            if isinstance(node, exp.Column) and not _is_wrap(node) and _spelt(node) not in allowed:
                own = node.table == _WRAP or (not node.table and node.find_ancestor(exp.Query) is None)
                _hold(not own, f"`{node.name}` is read as it is stored", decision)


def _filters(seen: exp.Expr) -> exp.Expr | None:
    """The filter of the target, in the SELECT that reads it alone."""
    wrap = next((node for node in seen.find_all(exp.Select) if _is_wrap(node)), None)
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


def _checks(tree: exp.Expr, filters: exp.Expr) -> bool:
    """Whether the filter is the whole WHERE of the write, or its first condition."""
    if isinstance(tree, exp.Insert):
        where = tree.expression.args.get("where") if isinstance(tree.expression, exp.Select) else None
    else:
        where = tree.args.get("where")
    if where is None:
        return False
    first = where.this
    wanted = _spelt(filters.unnest())
    while True:
        if _spelt(first.unnest()) == wanted:
            return True
        if not isinstance(first, exp.And):
            return False
        first = first.this


def _read(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The places of a write where the row that is written is read."""
    if isinstance(tree, exp.Update):
        yield from (each.expression for each in tree.expressions)
    if tree.args.get("where") is not None:
        yield tree.args["where"]
    if tree.args.get("returning") is not None:
        yield from (each.unalias() for each in tree.args["returning"].expressions)


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
