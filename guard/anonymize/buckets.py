"""Numbers to the buckets between edges, in Arrow; see `transforms/buckets.py` for what it promises."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from guard.anonymize.bins import LARGE, TEXT_NUMBER, bounds
from guard.anonymize.columns import array, is_text, map_text, no_form

_CURE = "use it on numbers, or on texts that spell numbers; the column's type must hold each edge"


def bucketed(values: pa.Array | pa.ChunkedArray, edges: tuple[int, ...]) -> pa.Array:
    """The lower edge of each number's bucket, or for a text the bucket's name.

    Raises:
        TransformError: the column holds neither, or cannot hold an edge.
    """
    one = array(values)
    kind = one.type
    if is_text(kind):
        return map_text(one, lambda text: _named(text, edges))
    if pa.types.is_floating(kind):
        real = one.cast(pa.float64())
        finite = pc.if_else(pc.less(pc.abs(real), LARGE), real, pa.scalar(None, pa.float64()))
        return _lowest(finite, edges, [pa.scalar(float(edge)) for edge in edges]).cast(kind, safe=False)
    if pa.types.is_integer(kind):
        low, high = bounds(kind)
    elif pa.types.is_decimal(kind) and kind.scale >= 0:
        high = 10 ** (kind.precision - kind.scale) - 1
        low = -high
    else:
        raise no_form("buckets", kind, cure=_CURE)
    if not low <= edges[0] <= edges[-1] <= high:
        raise no_form("buckets", kind, cure=_CURE)
    whole = pa.types.is_integer(kind)
    return _lowest(one, edges, [pa.scalar(edge if whole else Decimal(edge)).cast(kind) for edge in edges])


def _lowest(values: pa.Array, edges: tuple[int, ...], shown: list[pa.Scalar]) -> pa.Array:
    found = pa.nulls(len(values), shown[0].type)
    for edge, name in zip(edges, shown, strict=True):
        bound = pa.scalar(Decimal(edge) if pa.types.is_decimal(values.type) else edge).cast(values.type)
        found = pc.if_else(pc.greater_equal(values, bound), name, found)
    return pc.if_else(pc.is_valid(values), found, pa.scalar(None, found.type))


def _named(text: pa.Array, edges: tuple[int, ...]) -> pa.Array:
    plain = pc.if_else(pc.match_substring_regex(text, TEXT_NUMBER), text, pa.scalar(None, pa.string()))
    numbers = plain.cast(pa.decimal128(38, 9))
    names = [f"{low}-{high}" for low, high in itertools.pairwise(edges)] + [f">={edges[-1]}"]
    found = _lowest(numbers, edges, [pa.scalar(name) for name in names])
    below = pc.less(numbers, pa.scalar(Decimal(edges[0]), numbers.type))
    return pc.if_else(pc.fill_null(below, fill_value=False), pa.scalar(f"<{edges[0]}"), found)
