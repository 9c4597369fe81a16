"""A function of byte matrices over an Arrow column of text: nulls, dictionaries and lengths are dealt with here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guard.anonymize.columns import array, is_text, no_form
from guard.anonymize.crypto.keyed import Others
from guard.anonymize.crypto.matrix import Group, assemble, groups, spread
from guard.errors import TransformError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Bytes: TypeAlias = "NDArray[np.uint8]"
Bad: TypeAlias = "NDArray[np.bool_]"

# (rows, width) of bytes to (rows, other width), and which rows have no result (None: all have one).
RowFunction: TypeAlias = "Callable[[Bytes], tuple[Bytes, Bad | None]]"
ListFunction: TypeAlias = Callable[[list[str]], list[str | None]]

_CURE = "use it on texts; in a plan, `as: text` makes a text of another type"


def map_rows(
    values: pa.Array | pa.ChunkedArray,
    function: RowFunction,
    refused: TransformError,
    *,
    transform: str,
    others: Others,
) -> pa.Array:
    """`function` over the UTF-8 bytes of a text column, all values of one length at once.

    Rows without a result are nulls where `others` says so.

    Raises:
        TransformError: the column is not text, or a row has no result (`refused`).
    """

    def dense(text: pa.Array) -> pa.Array:
        parts, failed = [], np.zeros(len(text), np.bool_)
        for rows, matrix in groups(text):
            out, bad = function(matrix)
            if bad is not None:
                if others == "refuse":
                    raise refused
                failed[slice(None) if rows is None else rows] = bad
                out = np.where(bad[:, None], np.uint8(0), out)
            parts.append(Group(rows, out))
        found = assemble(len(text), parts, pa.string())
        return pc.if_else(pa.array(failed), pa.scalar(None, pa.string()), found) if failed.any() else found

    return _over_text(values, dense, transform)


def map_list(values: pa.Array | pa.ChunkedArray, function: ListFunction, *, transform: str) -> pa.Array:
    """`function` over the texts of a column as a list without nulls.

    Raises:
        TransformError: the column is not text.
    """
    return _over_text(values, lambda text: pa.array(function(text.to_pylist()), pa.string()), transform)


def _over_text(
    values: pa.Array | pa.ChunkedArray, function: Callable[[pa.Array], pa.Array], transform: str
) -> pa.Array:
    one = array(values)
    if pa.types.is_null(one.type):  # nothing but nulls, of no type yet
        return one
    if not is_text(one.type):
        raise no_form(transform, one.type, cure=_CURE)
    if pa.types.is_dictionary(one.type):
        words = _over_text(one.dictionary, function, transform).cast(pa.string())
        return pc.take(words, one.indices).cast(one.type.value_type).dictionary_encode().cast(one.type)
    text = one.cast(pa.string())
    return spread(function(text.drop_null()), text).cast(one.type)


def by_head(values: pa.Array | pa.ChunkedArray, function: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """`function` over tokens whose heads have one width at a time: `g9s_` and `g10s_` end their bodies elsewhere."""
    one = array(values)
    if not is_text(one.type) or pa.types.is_dictionary(one.type):
        return function(one)
    ends = pc.find_substring(one.cast(pa.string()), "_")
    widths = pc.unique(ends.drop_null()).to_pylist()
    if len(widths) < 2:
        return function(one)
    rows = [pc.indices_nonzero(pc.fill_null(pc.equal(ends, width), fill_value=False)) for width in widths]
    found = pa.concat_arrays([function(one.take(some)) for some in rows])
    places = np.full(len(one), -1, np.int64)
    places[np.concatenate([some.to_numpy() for some in rows])] = np.arange(len(found))
    return found.take(pa.array(places, mask=places < 0))


def count(values: pa.Array | pa.ChunkedArray) -> int:
    """Values that are not null: what a grant of re-identification counts."""
    return len(values) - int(values.null_count)


def plain_text(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Dictionary-encoded text as plain text: each row is to have a result of its own."""
    one = array(values)
    return one.cast(one.type.value_type) if pa.types.is_dictionary(one.type) else one
