"""PostgreSQL's types as Arrow's: numeric stays exact, times keep their zone, uuid and json are text.

A value that the Arrow type cannot hold (an infinite date, NaN in a numeric, an array of two dimensions) makes the whole
column text, as PostgreSQL prints it: nothing is rounded or dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa
    from psycopg.pq.abc import PGresult

NUMERIC = 1700
BYTEA = 17
MAX_DECIMAL128 = 38  # digits
MAX_DECIMAL256 = 76

# Loaded as text: Arrow has no type for them, or Python's would change them.
AS_TEXT = ("uuid", "json", "jsonb", "interval", "timetz", "inet", "cidr")


def register(connection: psycopg.Connection[Any]) -> None:
    """Makes the connection hand out as text what stays text."""
    from psycopg.types.string import TextLoader

    for name in AS_TEXT:
        connection.adapters.register_loader(name, TextLoader)


@cache
def _types() -> dict[int, pa.DataType]:
    import pyarrow as pa

    plain = {
        16: pa.bool_(),
        17: pa.binary(),
        18: pa.string(),
        19: pa.string(),
        20: pa.int64(),
        21: pa.int16(),
        23: pa.int32(),
        25: pa.string(),
        26: pa.int64(),
        114: pa.string(),
        700: pa.float32(),
        701: pa.float64(),
        1042: pa.string(),
        1043: pa.string(),
        1082: pa.date32(),
        1083: pa.time64("us"),
        1114: pa.timestamp("us"),
        1184: pa.timestamp("us", tz="UTC"),
        1186: pa.string(),
        1266: pa.string(),
        2950: pa.string(),
        3802: pa.string(),
    }
    arrays = {1000: 16, 1005: 21, 1007: 23, 1009: 25, 1014: 1042, 1015: 1043, 1016: 20, 1021: 700, 1022: 701}
    arrays |= {1115: 1114, 1182: 1082, 1185: 1184, 2951: 2950, 199: 114, 3807: 3802}
    return plain | {array: pa.list_(plain[element]) for array, element in arrays.items()}


def table(result: PGresult, load: Callable[[], Sequence[tuple[Any, ...]]]) -> pa.Table:
    """The result as Arrow, with its column names as they are, twice the same included.

    `load` gives the rows as Python values.
    """
    import psycopg
    import pyarrow as pa

    names = [(result.fname(index) or b"").decode() for index in range(result.nfields)]
    try:
        rows = load()
    except (psycopg.Error, ValueError, OverflowError):
        arrays = [_from_text(result, index) for index in range(result.nfields)]
    else:
        columns = zip(*rows, strict=True) if rows else ((),) * result.nfields
        arrays = [_array(result, index, values) for index, values in enumerate(columns)]
    return pa.Table.from_arrays(arrays, names=names)


def _array(result: PGresult, index: int, values: Sequence[Any]) -> pa.Array:
    import pyarrow as pa

    oid = result.ftype(index)
    wanted = _decimal(result.fmod(index), values) if oid == NUMERIC else _types().get(oid)
    if wanted is None:
        return _text(result, index)
    try:
        return pa.array(values, wanted)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _text(result, index)


def _decimal(modifier: int, values: Sequence[Any]) -> pa.DataType | None:
    """The declared precision and scale, or those that the values need; None when no decimal can hold them."""
    import pyarrow as pa

    if modifier >= 4:
        precision, scale = (modifier - 4) >> 16 & 0xFFFF, (modifier - 4) & 0x7FF
        scale = scale - 0x800 if scale > 0x3FF else scale  # PostgreSQL 15 allows a negative scale
    else:
        exponents = [value.as_tuple() for value in values if value is not None]
        if any(not isinstance(one.exponent, int) for one in exponents):
            return None
        scale = max((-one.exponent for one in exponents), default=0)
        scale = max(scale, 0)
        whole = max((len(one.digits) + one.exponent for one in exponents), default=0)
        precision = max(whole, 0) + scale
        precision = MAX_DECIMAL128 if precision <= MAX_DECIMAL128 else precision
    if precision <= MAX_DECIMAL128:
        return pa.decimal128(max(precision, 1), scale)
    return pa.decimal256(precision, scale) if precision <= MAX_DECIMAL256 else None


def _text(result: PGresult, index: int) -> pa.Array:
    import pyarrow as pa

    cells = (result.get_value(row, index) for row in range(result.ntuples))
    return pa.array([None if cell is None else cell.decode("utf-8", "replace") for cell in cells], pa.string())


def _from_text(result: PGresult, index: int) -> pa.Array:
    """A column of a result that holds a value which Python has not: Arrow reads the text itself where it can."""
    import pyarrow as pa

    text = _text(result, index)
    oid = result.ftype(index)
    if oid == BYTEA:
        cells = (None if cell is None else bytes.fromhex(cell.removeprefix("\\x")) for cell in text.to_pylist())
        return pa.array(cells, pa.binary())
    wanted = _types().get(oid)
    if wanted is None or pa.types.is_list(wanted):
        return text
    if pa.types.is_boolean(wanted):
        return pa.array([None if cell is None else cell == "t" for cell in text.to_pylist()], wanted)
    try:
        return text.cast(wanted)
    except pa.ArrowException:
        return text
