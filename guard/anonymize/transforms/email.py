"""The first characters of the mailbox, `***`, and the whole domain.

What it hides: the rest of the mailbox name and its length.
What it keeps: the domain, so that mails can be counted by provider or company.
Against whom: a reader without further knowledge of the person.

Guarantee: mailboxes of one domain that begin alike look the same; what is not `mailbox@domain` becomes `***`.

    >>> import pyarrow as pa
    >>> apply(pa.array(["zhangsan@example.cn", "li@example.cn", "13812341234", None]), Params(), None).to_pylist()
    ['zha***@example.cn', 'li***@example.cn', '***', None]

What it does not protect: a mailbox name of `first` characters or fewer, which the standard shows before the `***`
(set `first: 0` against that), and a domain that belongs to one person. On a number or a date the result is null.
Reference: JR/T 0171-2020 annex A: first 3, `***`, the domain; fewer than 3: all, `***`.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.guarantee import Guarantee
from guard.errors import PlanError
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


MAX_FIRST = 16  # characters


class Params(Value, frozen=True):
    """`first` characters of the mailbox name stay."""

    first: int = 3

    def __post_init__(self) -> None:
        if not 0 <= self.first <= MAX_FIRST:
            msg = f"`first` of `email` is not between 0 and {MAX_FIRST}"
            raise PlanError(msg, help="leave it out for the 3 of JR/T 0171-2020")


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Vectorised: exactly one `@`, with something on both sides, or all is hidden."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from guard.anonymize.columns import map_text

    def mask(text: pa.Array) -> pa.Array:
        pattern = rf"(?s)^(?P<head>[^@]{{0,{params.first}}})[^@]*@(?P<domain>[^@]+)$"
        address = pc.match_substring_regex(text, "(?s)^[^@]+@[^@]+$")
        parts = pc.extract_regex(text, pattern)
        shown = pc.binary_join_element_wise(
            pc.struct_field(parts, "head"), pa.scalar("***@"), pc.struct_field(parts, "domain"), ""
        )
        return pc.if_else(address, shown, pa.scalar("***"))

    return map_text(values, mask)


def guarantee(params: Params) -> Guarantee:
    """The beginning and the domain."""
    return Guarantee(State.MASKED, shows=f"the first {params.first} characters of the mailbox, and the domain")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """The same by positions; null for a column that is not text."""
    from sqlglot import exp

    from guard.anonymize.sql_functions import (
        call,
        case,
        every,
        exact,
        join,
        length,
        number,
        over_text,
        part,
        plain,
        position,
        string,
        typed_null,
    )
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if kind.family is not Family.TEXT:
        return typed_null(column)
    value = plain(column, kind)
    size, at = length(value), position(value, "@", kind.dialect)
    without = length(call("REPLACE", exact(value, kind.dialect), string("@"), string("")))
    one = exp.EQ(this=exp.Sub(this=size, expression=without), expression=number(1))
    inside: exp.Expression = every(
        one,
        exp.GT(this=at.copy(), expression=number(1)),
        exp.LT(this=at.copy(), expression=size.copy()),
    )
    short = exp.LTE(this=at.copy(), expression=number(params.first))
    before = exp.Sub(this=at.copy(), expression=number(1))
    head = case((short, part(value, 1, before)), otherwise=part(value, 1, params.first)) if params.first else string("")
    shown = join(head, string("***"), part(value, at, size))
    missing = exp.Is(this=value.copy(), expression=exp.Null())
    return kind.cast(over_text(column, kind, case((missing, exp.Null()), (inside, shown), otherwise=string("***"))))
