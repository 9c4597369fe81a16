"""Keyed noise on the types that numbers come in; see `transforms/noise.py` for what it promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guard.anonymize.bins import LARGE, bounds
from guard.anonymize.columns import array, is_text, map_text, no_form
from guard.anonymize.crypto.matrix import spread
from guard.anonymize.keyed_choice import RANGE, chosen

if TYPE_CHECKING:
    from guard.anonymize.keys import Keys
    from guard.anonymize.transforms.noise import Params

PLAIN = r"^-?[0-9]{1,8}(\.[0-9]{1,6})?$"  # without the point it fits 64 bits, with the noise of a thousand millions too
_CURE = "use it on whole or floating-point numbers, or on texts that spell numbers"


def noisy(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """The numbers with their noise.

    Raises:
        TransformError: the column holds neither numbers nor texts.
        KeyUnavailableError: there is no key, or not of this version.
    """
    one = array(values)
    kind = one.type
    if is_text(kind):
        return map_text(one, lambda text: _texts(text, params, keys))
    if pa.types.is_integer(kind):
        low, high = bounds(kind)
        drawn = chosen("noise", one, params, keys) % (2 * params.width + 1) - params.width
        inside = _between(one, low + params.width, high - params.width, kind)
        wide = pa.int64() if not pa.types.is_uint64(kind) else kind
        if wide == kind == pa.uint64():
            up = pa.array(np.maximum(drawn, 0)).cast(wide)
            down = pa.array(np.maximum(-drawn, 0)).cast(wide)
            return pc.subtract(pc.add(inside, up), down)
        return pc.add(inside.cast(wide), pa.array(drawn)).cast(kind)
    if pa.types.is_floating(kind):
        real = one.cast(pa.float64())
        finite = pc.if_else(pc.less(pc.abs(real), LARGE), real, pa.scalar(None, pa.float64()))
        share = chosen("noise", finite.view(pa.int64()), params, keys) / RANGE
        return pc.add(finite, pa.array((2 * share - 1) * params.width)).cast(kind)
    raise no_form("noise", kind, cure=_CURE)


def _between(values: pa.Array, low: int, high: int, kind: pa.DataType) -> pa.Array:
    """The values that have room for noise on both sides; null for the others."""
    if low > high:
        return pa.nulls(len(values), kind)
    fits = pc.and_(pc.greater_equal(values, pa.scalar(low, kind)), pc.less_equal(values, pa.scalar(high, kind)))
    return pc.if_else(fits, values, pa.scalar(None, kind))


def _texts(text: pa.Array, params: Params, keys: Keys | None) -> pa.Array:
    """Numbers written out, each with its own decimals: what is moved is the number without its point."""
    plain = pc.if_else(pc.match_substring_regex(text, PLAIN), text, pa.scalar(None, pa.string())).drop_null()
    point = pc.find_substring(plain, ".").to_numpy()
    decimals = np.where(point < 0, 0, pc.binary_length(plain).to_numpy() - point - 1)
    scale = 10 ** decimals.astype(np.int64)
    units = pc.replace_substring(plain, ".", "").cast(pa.int64()).to_numpy()
    most = params.width * scale
    moved = units + chosen("noise", plain, params, keys) % (2 * most + 1) - most
    whole = pa.array(np.abs(moved) // scale).cast(pa.string())
    rest = pc.utf8_lpad(pa.array(np.abs(moved) % scale).cast(pa.string()), 6, "0")
    cut = [digits[6 - places :] for digits, places in zip(rest.to_pylist(), decimals, strict=True)]
    sign, dot = pa.array(np.where(moved < 0, "-", "")), pa.array(np.where(decimals > 0, ".", ""))
    made = pc.binary_join_element_wise(sign, whole, dot, pa.array(cut, pa.string()), "")
    kept = pc.if_else(pc.match_substring_regex(text, PLAIN), text, pa.scalar(None, pa.string()))
    return spread(made, kept)
