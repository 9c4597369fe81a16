"""The wrap: what stands in the place of a base table.

    (SELECT guard_t."id" AS "id", CAST(<mask> AS TEXT) AS "ssn"
       FROM "public"."customers" AS "guard_t" WHERE <filters> OFFSET 0) AS c

An explicit column list: a system column, or one that was added behind guard's back, is not in it. Masks stand above
filters. Everything inside is qualified by the reserved alias, so nothing inside can mean anything of the user's, and
the user's text finds only the wrap's columns, whatever tricks it plays with names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
from sqlglot import exp

from guard.errors import KeyUnavailableError, TransformError
from guard.model import Column, Mask, MaskCase
from guard.policy.enforce import golden, mariadb
from guard.policy.enforce.deny import denied
from guard.policy.enforce.fence import copied, fenced, unpushed
from guard.policy.enforce.names import TABLE_ALIAS, column_of, quoted
from guard.policy.enforce.opaque import is_protected, opaque
from guard.policy.enforce.owed import TableDuty
from guard.policy.enforce.predicates import qualified
from guard.policy.enforce.types import data_type, family

if TYPE_CHECKING:
    from guard.sql.masking import MaskSql, Parameters

_CURE: Final = "let the rule name a transform that this engine can do, or leave the column out"


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What building a wrap needs besides its table."""

    dialect: str
    mask_sql: MaskSql
    parameters: Parameters
    fence: bool  # something in the statement can fail on a value
    opaque: bool = False  # ... where it hangs on the plan whether it does


def wrap(node: exp.Table, duty: TableDuty, columns: tuple[Column, ...], wrapping: Wrapping) -> exp.Subquery:
    """The subquery that replaces `node`, with the columns that the statement can see.

    Raises:
        AccessDeniedError: a mask has no SQL form for its column.
    """
    select = reading(duty, columns, wrapping, _own_conditions(node, duty, wrapping))
    if node.args.get("only"):
        select.args["from_"].this.set("only", True)  # noqa: FBT003 - sqlglot's own signature
    subquery = closed(exp.Subquery(this=select), duty, columns, wrapping)
    alias = exp.TableAlias(this=quoted(node.alias or node.name))
    if node.args.get("alias"):
        alias.set("columns", [column.copy() for column in node.args["alias"].columns])
    subquery.set("alias", alias)
    for part in ("joins", "laterals"):  # `(a JOIN b) AS j` hangs the join on the first table
        if node.args.get(part):
            subquery.set(part, node.args[part])
    return subquery


def reading(
    duty: TableDuty,
    columns: tuple[Column, ...],
    wrapping: Wrapping,
    own: Sequence[exp.Expr] = (),
    *,
    late: bool = False,
) -> exp.Select:
    """The query inside a wrap. `own` are conditions of the statement that may stand beside the filters.

    In DuckDB the filters stand late beside a condition that may be a look-up by key, or where the caller says so.

    Raises:
        AccessDeniedError: a mask has no SQL form for its column.
    """
    select = exp.Select(expressions=[_output(column, duty, wrapping) for column in columns])
    select.set("from_", exp.From(this=qualified(duty.table, TABLE_ALIAS)))
    if duty.filters:
        _filter(select, duty, wrapping, own, late=late or any(isinstance(part, exp.EQ) for part in own))
    return select


def closed(subquery: exp.Subquery, duty: TableDuty, columns: tuple[Column, ...], wrapping: Wrapping) -> exp.Subquery:
    """The wrap behind an array, where the statement needs that and the table has something to hide."""
    if not (wrapping.opaque and is_protected(duty)):
        return subquery
    return opaque(subquery, columns, wrapping.dialect) or subquery


def open_columns(duty: TableDuty) -> frozenset[str]:
    """The columns that the statement's own conditions may be compared with under the fence: decided, without a mask."""
    unmasked = frozenset(column.name for column in duty.table.columns) - duty.masks.keys()
    return unmasked if duty.decided is None else unmasked & duty.decided


def _own_conditions(node: exp.Table, duty: TableDuty, wrapping: Wrapping) -> list[exp.Expr]:
    return list(copied(node, duty.table, open_columns(duty), wrapping.dialect)) if duty.filters else []


def _filter(select: exp.Select, duty: TableDuty, wrapping: Wrapping, own: Sequence[exp.Expr], *, late: bool) -> None:
    parts: list[exp.Expr] = [exp.Paren(this=condition.sql.copy()) for condition in duty.filters]
    if wrapping.dialect == "duckdb" and late:
        parts = [unpushed(part) for part in parts]
    if wrapping.fence and wrapping.dialect not in golden.GOLDEN:
        parts += own
        fenced(select, wrapping.dialect)
    joined: exp.Expr = parts[0]
    for part in parts[1:]:
        joined = exp.And(this=joined, expression=part)
    if wrapping.fence and wrapping.dialect in golden.GOLDEN:
        for output in select.expressions:
            output.set("this", golden.behind(output.this, joined))
    select.set("where", exp.Where(this=joined))


def _output(column: Column, duty: TableDuty, wrapping: Wrapping) -> exp.Alias:
    own = column_of(TABLE_ALIAS, column.name)
    value: exp.Expr = own
    mask = duty.masks.get(column.name)
    if duty.decided is not None and column.name not in duty.decided:
        # Nobody decided on this column, because the statement does not use it; it is here only so that names mean
        # what they meant. Its values are not.
        value = own_type(exp.Null(), column, wrapping.dialect)
    elif mask is not None:
        value = _masked(mask, own, column, duty, wrapping)
        cases = zip(mask.cases, duty.conditions[column.name], strict=True)
        forms = [exp.If(this=when.copy(), true=_case(case, mask, own, column, duty, wrapping)) for case, when in cases]
        if forms:
            value = own_type(exp.Case(ifs=forms, default=value), column, wrapping.dialect)
    return exp.Alias(this=value, alias=quoted(column.name))


def _case(case: MaskCase, mask: Mask, own: exp.Column, column: Column, duty: TableDuty, wrapping: Wrapping) -> exp.Expr:
    """What a row of the case shows: the column as it is where the case has no transform."""
    if not case.transform:
        return own.copy()
    form = msgspec.structs.replace(mask, transform=case.transform, params=case.params, cases=())
    return _masked(form, own, column, duty, wrapping)


def _masked(mask: Mask, own: exp.Column, column: Column, duty: TableDuty, wrapping: Wrapping) -> exp.Expr:
    try:
        masked = wrapping.mask_sql(
            mask, own, column_type=column.type, dialect=wrapping.dialect, parameters=wrapping.parameters
        )
    except (TransformError, KeyUnavailableError) as error:
        where = f"`{duty.table.name}.{column.name}`"
        raise denied(
            f"{where} cannot be masked by `{mask.transform}` here: {error.message}", error.help or _CURE
        ) from None
    return own_type(masked, column, wrapping.dialect)


def own_type(value: exp.Expr, column: Column, dialect: str) -> exp.Expr:
    """`value` cast to the column's type, so that a mask changes no type, operator or sort order.

    SQLite has types by value, and a cast would turn a masked text in a numeric column into 0: there only text is
    cast, which keeps the column's affinity in comparisons.
    """
    if dialect == mariadb.DIALECT:
        return mariadb.own_type(value, column)
    if dialect == "sqlite":
        if family(column.type, dialect) != "text":
            return value
        return exp.Cast(this=value, to=exp.DataType.build("TEXT", dialect=dialect))
    target = data_type(column.type, dialect)
    if dialect == "clickhouse" and target is not None:
        target.set("nullable", True)  # noqa: FBT003 - sqlglot's own signature; a mask may be NULL, a plain type may not
    if isinstance(value, exp.Cast) and value.to == target:
        return value
    return exp.Cast(this=value, to=target) if target is not None else value
