"""Arrow columns as transforms see them: one array, plain text, and back to the type that it had."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from guard.errors import TransformError

NUL = "\x00"
FEW = 16  # values; a dozen kernel calls cost more than so many texts one by one


def array(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One contiguous array of the same values; no copy when it is one already."""
    if isinstance(values, pa.ChunkedArray):
        return (
            values.chunk(0)
            if values.num_chunks == 1
            else pa.concat_arrays(values.chunks or [pa.array([], values.type)])
        )
    return values


def is_text(kind: pa.DataType) -> bool:
    """True for every spelling of text, dictionary-encoded text included."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def nulls(values: pa.Array) -> pa.Array:
    """As many nulls, of the same type."""
    return pa.nulls(len(values), values.type)


def map_text(
    values: pa.Array | pa.ChunkedArray,
    function: Callable[[pa.Array], pa.Array],
    each: Callable[[str], str] | None = None,
) -> pa.Array:
    """`function` over text; on any other type all nulls, since what a text mask shows has no place in it.

    A text with a NUL character becomes null: C-string engines see only what stands before it, so no mask of it
    is the same everywhere. The function gets plain `string` without such values. `each` is the same for one text, and
    used for a few.
    """
    one = array(values)
    if each is not None and len(one) <= FEW and one.type == pa.string():
        texts = [None if text is None or NUL in text else each(text) for text in one.to_pylist()]
        return pa.array(texts, pa.string())
    if not is_text(one.type):
        return nulls(one)
    if pa.types.is_dictionary(one.type):  # a mask is a function of the value: work on the distinct ones
        words = map_text(one.dictionary, function).cast(pa.string())
        return pc.take(words, one.indices).cast(one.type.value_type).dictionary_encode().cast(one.type)
    text = one.cast(pa.string())
    if 0 in content(text):
        text = pc.if_else(pc.match_substring(text, NUL), pa.scalar(None, pa.string()), text)
    return function(text).cast(one.type)


def content(text: pa.Array) -> bytes:
    """The UTF-8 bytes of all values of a `string` or `large_string` array, one behind the other.

    To ask for a byte that hardly any column holds, this is a hundred times as fast as asking each value.
    """
    _, offsets, data = text.buffers()
    if not len(text) or data is None:
        return b""
    kind = pa.int64() if pa.types.is_large_string(text.type) else pa.int32()
    ends = pa.Array.from_buffers(kind, len(text) + 1, [None, offsets], offset=text.offset)
    first, last = ends[0].as_py(), ends[-1].as_py()
    return bytes(memoryview(data)[first:last])


def per_distinct(values: pa.Array, function: Callable[[Any], Any], kind: pa.DataType) -> pa.Array:
    """`function` in Python, once for each distinct value; null stays null."""
    encoded = values.dictionary_encode()
    words = [None if word is None else function(word) for word in encoded.dictionary.to_pylist()]
    return pc.take(pa.array(words, kind), encoded.indices)


def where_not_null(values: pa.Array | pa.ChunkedArray, value: pa.Scalar) -> pa.Array:
    """`value` in each row that is not null, of the column's type."""
    one = array(values)
    plain = one.type.value_type if pa.types.is_dictionary(one.type) else one.type
    filled = pc.if_else(pc.is_valid(one), value.cast(plain), pa.scalar(None, plain))
    return filled.dictionary_encode().cast(one.type) if pa.types.is_dictionary(one.type) else filled


def no_form(transform: str, kind: object, *, cure: str) -> TransformError:
    """The error of a transform that makes no sense for a type."""
    msg = f"the transform `{transform}` has no form for the type `{str(kind)[:64]}`"
    return TransformError(msg, help=cure)
