"""Text as matrices of bytes: all values of one length together, one row a value. What the batched ciphers work on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from guard.errors import TransformError

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

MAX_COLUMN_BYTES = 2**31 - 1  # what the offsets of an Arrow string column can address


class Group(NamedTuple):
    """Values of one length. `rows` says where they stand in the column; None is all of it, in order."""

    rows: NDArray[np.intp] | None
    matrix: Bytes


def from_list(values: Sequence[str]) -> Bytes | None:
    """The matrix of ASCII texts that have one length; None where they have not, or hold a line end.

    One join and one look at the line ends: cheaper than asking each text for its length.
    """
    if not values:
        return None
    width = len(values[0])
    text = "\n".join(values) + "\n"
    if not text.isascii() or len(text) != len(values) * (width + 1):
        return None
    matrix = np.frombuffer(text.encode(), np.uint8).reshape(len(values), width + 1)
    return None if (matrix[:, width] != 10).any() or text.count("\n") != len(values) else matrix[:, :width]


def to_list(matrix: Bytes) -> list[str]:
    """The rows as texts; `matrix` has one spare column at its right, which is overwritten."""
    matrix[:, -1] = 10
    return matrix.tobytes().decode("ascii").split("\n")[:-1]


def groups(values: pa.Array) -> Iterator[Group]:
    """The values of a string or binary array without nulls, by their length in bytes."""
    import pyarrow as pa

    if values.null_count:
        msg = "a matrix has no nulls"
        raise ValueError(msg)
    wide = pa.types.is_large_string(values.type) or pa.types.is_large_binary(values.type)
    _, offsets_, data_ = values.buffers()
    if not len(values):
        return
    offsets = np.frombuffer(offsets_, np.int64 if wide else np.int32)[values.offset : values.offset + len(values) + 1]
    data = np.frombuffer(data_ or b"", np.uint8)
    lengths = np.diff(offsets)
    if (lengths == lengths[0]).all():
        yield Group(None, data[offsets[0] : offsets[-1]].reshape(len(values), int(lengths[0])))
        return
    order = np.argsort(lengths, kind="stable")
    sizes, starts = np.unique(lengths[order], return_index=True)
    for size, rows in zip(sizes, np.split(order, starts[1:]), strict=True):
        at = offsets[rows].astype(np.intp)
        yield Group(rows, data[at[:, None] + np.arange(int(size))] if size else np.empty((len(rows), 0), np.uint8))


def assemble(count: int, parts: Iterable[Group], kind: pa.DataType) -> pa.Array:
    """The column of `count` values out of groups that cover each row once.

    Raises:
        TransformError: the values together are too long for one array.
    """
    import pyarrow as pa

    found = list(parts)
    sizes = np.zeros(count + 1, np.int64)
    for rows, matrix in found:
        sizes[1:][slice(None) if rows is None else rows] = matrix.shape[1]
    offsets = np.cumsum(sizes)
    if offsets[-1] > MAX_COLUMN_BYTES:
        msg = "the values of one batch are together longer than 2 GiB"
        raise TransformError(msg, help="pass the column in smaller batches")
    data = np.empty(int(offsets[-1]), np.uint8)
    for rows, matrix in found:
        if rows is None:
            data[:] = np.ascontiguousarray(matrix).reshape(-1)
        elif matrix.shape[1]:
            data[offsets[:-1][rows][:, None] + np.arange(matrix.shape[1])] = matrix
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
    return pa.Array.from_buffers(kind, count, buffers)


def spread(dense: pa.Array, like: pa.Array) -> pa.Array:
    """Puts the nulls of `like` back into the results of its other values."""
    import pyarrow as pa

    if not like.null_count:
        return dense
    valid = like.is_valid().to_numpy(zero_copy_only=False)
    return dense.take(pa.array(np.cumsum(valid) - 1, mask=~valid))


def code_points(values: Sequence[str], width: int) -> NDArray[Any]:
    """Texts of `width` characters each as a matrix of their code points."""
    return np.frombuffer("".join(values).encode("utf-32-le", "surrogatepass"), np.uint32).reshape(len(values), width)
