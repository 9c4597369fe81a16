"""Writes: from an allowed INSERT, UPDATE, DELETE or CREATE TABLE AS to one that touches only what the subject has.

Only rows that the row filters show are changed or deleted; only columns that are shown unmasked are written; whatever
is read on the way (subqueries, conditions, RETURNING) is read filtered and masked; new rows pass the filters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlglot import exp

from guard.model import EnforcedQuery, Mask, MaxRows, RowFilter
from guard.policy.enforce.deny import denied
from guard.policy.enforce.emit import emit
from guard.policy.enforce.failing import failing_nodes
from guard.policy.enforce.prove import prove
from guard.policy.enforce.review import reviewed_tree
from guard.policy.enforce.rewrite import rewrite
from guard.policy.enforce.writes.account import prove_write
from guard.policy.enforce.writes.compose import Seen, compose
from guard.policy.enforce.writes.refused import RefusedWriteError
from guard.policy.enforce.writes.shape import is_write, shape
from guard.policy.enforce.writes.upsert import hold_conflict

if TYPE_CHECKING:
    from guard.model import Decision, Gap
    from guard.policy.enforce.writes.write import Write
    from guard.sql.catalogue import Catalogue
    from guard.sql.masking import MaskSql

__all__ = ["enforce_write", "is_write", "review_write"]


def review_write(statement: exp.Expr, catalogue: Catalogue) -> tuple[Gap, ...]:
    """What in a write is not enforced, or reads what is not on the lists; empty when everything is."""
    try:
        write = shape(statement, catalogue)
    except RefusedWriteError as error:
        return (error.gap,)
    found = (gap for read in write.reads for gap in reviewed_tree(read, catalogue)[1])
    return tuple(dict.fromkeys(found))


def enforce_write(statement: exp.Expr, catalogue: Catalogue, decision: Decision, mask_sql: MaskSql) -> EnforcedQuery:
    """The statement that runs instead of `statement`, already proved against `decision`.

    Raises:
        AccessDeniedError: the decision or the statement cannot be enforced.
    """
    try:
        write = shape(statement, catalogue)
    except RefusedWriteError as error:
        raise denied(error.gap.what, error.gap.help, decision=decision.id) from None
    _hold_writable(write, decision)
    _hold_join(write, catalogue, decision)
    parts = [_part(read, catalogue, decision, mask_sql, may_hide=read is not write.seen) for read in write.reads]
    try:
        trees = [tree for tree, _, _ in parts]
        source = trees[0] if write.source is not None else None
        seen = Seen(trees[-1], write, catalogue.dialect) if write.seen is not None else None
        sql = emit(compose(write, source, seen, catalogue.dialect), catalogue.dialect)
    except RecursionError:
        raise denied("the statement nests too deep", "write it flatter", decision=decision.id) from None
    prove_write(sql, [text for _, text, _ in parts], write, catalogue, decision)
    values = {name: value for _, _, query in parts for name, value in query.parameters.items()}
    tables = sorted({table for _, _, query in parts for table in query.tables} | {write.name})
    return EnforcedQuery(sql=sql, dialect=catalogue.dialect, parameters=values, tables=tuple(tables))


def _part(
    read: exp.Expr, catalogue: Catalogue, decision: Decision, mask_sql: MaskSql, *, may_hide: bool
) -> tuple[exp.Expr, str, EnforcedQuery]:
    """One SELECT of a write, rewritten: its tree, its proven text, its values."""
    tree, gaps = reviewed_tree(read, catalogue)
    if gaps:
        raise denied(gaps[0].what, gaps[0].help, decision=decision.id)
    named = {table.name for node in tree.find_all(exp.Table) if (table := catalogue.find(node)) is not None}
    owed = tuple(each for each in decision.obligations if isinstance(each, RowFilter | Mask) and each.table in named)
    part = msgspec.structs.replace(decision, obligations=owed)
    done = rewrite(tree, catalogue, part, mask_sql, may_hide=may_hide)
    sql = emit(done.tree.copy(), catalogue.dialect)
    prove(sql, catalogue, part)
    values = done.parameters.values()
    if values:
        # Two parts number their values from 0 each; a keyed mask in a write would need one numbering for both.
        raise denied("a write reads a column under a keyed mask", "leave that column out", decision=decision.id)
    return done.tree, sql, EnforcedQuery(sql=sql, dialect=catalogue.dialect, parameters=values, tables=done.tables)


def _hold_writable(write: Write, decision: Decision) -> None:
    if not decision.allowed:
        raise denied("the decision denies this statement", "see its reasons", decision=decision.id)
    for owed in decision.obligations:
        match owed:
            case RowFilter() | Mask():
                continue
            case MaxRows() if not write.returned:
                continue
        raise denied(
            f"rule `{owed.rule}` allows aggregates or a part of the rows alone, and a write needs rows",
            "let the rule that grants the write ask for row filters and masks only",
            decision=decision.id,
        )
    masked = {owed.column for owed in decision.obligations if isinstance(owed, Mask) and owed.table == write.name}
    for column in write.columns:
        if column.name in masked:
            raise denied(
                f"`{write.name}.{column.name}` is masked for this subject, so it cannot be written",
                "leave the column out, or ask for a grant that shows it",
                decision=decision.id,
            )
    hold_conflict(write, decision, masked)
    _hold_filters(write, decision)


def _hold_join(write: Write, catalogue: Catalogue, decision: Decision) -> None:
    """What decides which rows meet may not fail on a value.

    Whether it is asked of a pair hangs on the plan, and the plan on the tables with their hidden rows.
    """
    joined = write.told or write.seen
    if not any(isinstance(owed, RowFilter) for owed in decision.obligations):
        return
    if joined is None or not joined.args.get("joins") or write.conflict is not None:
        return
    tree = reviewed_tree(joined, catalogue)[0]
    tables = [table for node in tree.find_all(exp.Table) if (table := catalogue.find(node)) is not None]
    if any(node.find_ancestor(exp.Where, exp.Join) for node in failing_nodes(tree, tables, catalogue.dialect)):
        raise denied(
            "a condition between the written table and those beside it can fail on a value",
            "compare columns of one type with each other and with literals; compute in SET, or in an earlier statement",
            decision=decision.id,
        )


def _hold_filters(write: Write, decision: Decision) -> None:
    """A row stays where it is: what decides who has it is not changed."""
    filters = [owed for owed in decision.obligations if isinstance(owed, RowFilter) and owed.table == write.name]
    asked = {name for owed in filters for name in _asked(owed.predicate)}
    moved = next((column.name for column in write.changed if column.name in asked), None)
    if moved is not None:
        raise denied(
            f"`{write.name}.{moved}` decides who has the row, so this subject cannot change it",
            "leave the column out",
            decision=decision.id,
        )


def _asked(predicate: object) -> set[str]:
    """The columns of the filtered table in a predicate."""
    found = {predicate.column} if hasattr(predicate, "column") else set()
    inner = [getattr(predicate, "inner", None), *(getattr(predicate, "all", ())), *(getattr(predicate, "any", ()))]
    return found.union(*(_asked(each) for each in inner if each is not None))
