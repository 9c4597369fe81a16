"""The first and last characters stay, what stands between is replaced character by character.

What it hides: the middle. A value with fewer than `least` characters to hide is hidden as a whole, so no value is
ever shown completely.
What it keeps: `first` and `last` characters and the length.
Against whom: a reader without further knowledge of the person (a clerk who reads back `138****1234`).

Guarantee: texts of one length with the same ends look the same.

    >>> import pyarrow as pa
    >>> phones = pa.array(["13812341234", "1381234", None])
    >>> apply(phones, Params(first=3, last=4), None).to_pylist()
    ['138****1234', '*******', None]

What it does not protect: the shown ends, which with other columns may single a person out; an 11-digit phone with
3 and 4 digits shown leaves 10,000 candidates, which is no anonymisation. On a number or a date the result is null.
Reference: JR/T 0171-2020 annex A (card 6 + 4, mainland mobile 3 + 4, Hong Kong and Macau 2 + 2, Taiwan 2 + 3).
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


MAX_SHOWN = 64  # characters at each end


class Params(Value, frozen=True):
    """`first` and `last` characters are shown, the others become `char`; at least `least` are hidden."""

    first: int = 0
    last: int = 0
    char: str = "*"
    least: int = 1

    def __post_init__(self) -> None:
        if not (0 <= self.first <= MAX_SHOWN and 0 <= self.last <= MAX_SHOWN):
            msg = f"`first` and `last` of `partial` are not between 0 and {MAX_SHOWN}"
            raise PlanError(msg, help="say how many characters may be seen at each end, such as first: 3, last: 4")
        if len(self.char) != 1 or not self.char.isprintable() or self.char in "'\\":
            msg = "`char` of `partial` is not one printable character"
            raise PlanError(msg, help="leave it out for `*`")
        if not 1 <= self.least <= MAX_SHOWN:
            msg = f"`least` of `partial` is not between 1 and {MAX_SHOWN}"
            raise PlanError(msg, help="leave it out to hide at least one character")


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Vectorised over code points."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from guard.anonymize.columns import map_text

    shown = params.first + params.last

    def each(text: str) -> str:
        size = len(text)
        if size < shown + params.least:
            return params.char * size
        return text[: params.first] + params.char * (size - shown) + text[size - params.last :]

    def mask(text: pa.Array) -> pa.Array:
        size = pc.utf8_length(text)
        open_ends = pc.greater_equal(size, shown + params.least)
        stars = pc.binary_repeat(params.char, pc.if_else(open_ends, pc.subtract(size, shown), size))
        head = pc.utf8_slice_codeunits(text, 0, params.first)
        tail = pc.utf8_slice_codeunits(text, -params.last) if params.last else pa.scalar("")
        return pc.if_else(open_ends, pc.binary_join_element_wise(head, stars, tail, ""), stars)

    return map_text(values, mask, each)


def guarantee(params: Params) -> Guarantee:
    """The ends and the length."""
    return Guarantee(State.MASKED, shows=f"the first {params.first} and last {params.last} characters, and the length")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """The same by code points; null for a column that is not text."""
    from sqlglot import exp

    from guard.anonymize.sql_functions import (
        case,
        ending,
        join,
        length,
        number,
        over_text,
        part,
        plain,
        repeat,
        typed_null,
    )
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if kind.family is not Family.TEXT:
        return typed_null(column)
    value = plain(column, kind)
    size = length(value)
    shown = params.first + params.last
    hidden = exp.Sub(this=size, expression=number(shown))
    pieces = [part(value, 1, params.first)] if params.first else []
    pieces.append(repeat(params.char, hidden, kind.dialect))
    if params.last:
        pieces.append(ending(value, params.last, size, kind.dialect))
    open_ends = exp.GTE(this=size.copy(), expression=number(shown + params.least))
    shown_ends = case((open_ends, join(*pieces)), otherwise=repeat(params.char, size, kind.dialect))
    return kind.cast(over_text(column, kind, shown_ends))
