"""The Arrow form of a mask's expression, vectorised over one column of plain text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from guard.anonymize.expression import nodes as g

if TYPE_CHECKING:
    import pyarrow as pa

_SIGNS: Final = {
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
    "=": "equal",
    "<>": "not_equal",
}


def evaluate(node: g.TextNode, column: pa.Array) -> pa.Array:
    """The text of each row, null where the column is null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    made = _text(node, column)
    if isinstance(made, pa.Scalar):
        made = pa.repeat(made, len(column))
    return pc.if_else(pc.is_valid(column), made, pa.scalar(None, pa.string())).cast(pa.string())


def _text(node: g.TextNode, column: pa.Array) -> Any:
    """An array, or a scalar where the row does not matter."""
    import pyarrow as pa
    import pyarrow.compute as pc

    match node:
        case g.Column():
            return column
        case g.Text(value=value):
            return pa.scalar(value)
        case g.Concat(parts=parts):
            return pc.binary_join_element_wise(*(_text(part, column) for part in parts), "")
        case g.Left(inner=inner, count=count):
            return pc.utf8_slice_codeunits(_array(inner, column), 0, count)
        case g.Right(inner=inner, count=count):
            value = _array(inner, column)
            return pc.utf8_slice_codeunits(value, -count) if count else _empty(value)
        case g.Substring(inner=inner, start=start, count=count):
            return pc.utf8_slice_codeunits(_array(inner, column), start - 1, start - 1 + count)
        case g.Before(inner=inner, needle=needle):
            return _mapped(_array(inner, column), lambda text: text.partition(needle)[0] if needle in text else "")
        case g.After(inner=inner, needle=needle):
            return _mapped(_array(inner, column), lambda text: text.partition(needle)[2])
        case g.Repeat(character=character, count=number):
            return pc.binary_repeat(character, _number(number, column))
        case g.Choice(condition=condition, then=then, otherwise=otherwise):
            return pc.if_else(_condition(condition, column), _text(then, column), _text(otherwise, column))


def _number(node: g.NumberNode, column: pa.Array) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    match node:
        case g.Number(value=value):
            return pa.repeat(pa.scalar(value, pa.int64()), len(column))
        case g.Length(inner=inner):
            return pc.utf8_length(_array(inner, column)).cast(pa.int64())
        case g.Less(inner=inner, count=count):
            return pc.max_element_wise(pc.subtract(_number(inner, column), count), 0, skip_nulls=False)


def _condition(node: g.ConditionNode, column: pa.Array) -> Any:
    import pyarrow.compute as pc

    match node:
        case g.Compared(left=left, sign=sign, right=right):
            return pc.call_function(_SIGNS[sign], [_number(left, column), _number(right, column)])
        case g.Contains(inner=inner, needle=needle):
            return pc.match_substring(_array(inner, column), needle)
        case g.StartsWith(inner=inner, needle=needle):
            return pc.starts_with(_array(inner, column), needle)


def _array(node: g.TextNode, column: pa.Array) -> pa.Array:
    import pyarrow as pa

    made = _text(node, column)
    return pa.repeat(made, len(column)) if isinstance(made, pa.Scalar) else made


def _empty(values: pa.Array) -> pa.Array:
    return _mapped(values, lambda _: "")


def _mapped(values: pa.Array, function: Callable[[str], str]) -> pa.Array:
    import pyarrow as pa

    return pa.array([None if text is None else function(text) for text in values.to_pylist()], pa.string())
