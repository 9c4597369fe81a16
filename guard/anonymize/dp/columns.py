"""Arrow columns as integers on a public lattice, with at most so many rows of each unit.

Every row is mapped by itself, so float rounding here moves a value and never a guarantee; sums are of integers. What is
kept of a unit depends on its own rows alone: the first ones, in the order of the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from guard.anonymize.dp.bounds import BINS, MAX_MAGNITUDE
from guard.errors import UsageError

MAX_STEPS = 1 << 40  # of a lattice between its bounds

Integers = npt.NDArray[np.int64]


def limited(table: pa.Table, unit: str, rows: int) -> pa.Table:
    """The table with at most `rows` rows of each unit; rows without a unit are left out.

    Raises:
        UsageError: there is no such column, or the bound is not positive.
    """
    column(table, unit)
    if type(rows) is not int or rows < 1:
        raise UsageError("a unit has at least one row", help="give 1 or more rows per unit")
    kept = table.filter(pc.is_valid(table[unit]))
    codes = np.asarray(kept[unit].combine_chunks().dictionary_encode().indices)
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if ordered.size else np.empty(0, np.int64)
    rank = np.arange(ordered.size) - np.repeat(first, np.diff(np.r_[first, ordered.size]))
    return kept.take(pa.array(np.sort(order[rank < rows])))


def column(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A column by its exact name."""
    if table.schema.get_field_index(name) < 0:
        raise UsageError(f"the table has no column `{name}`, or two of it", help="check the name")
    return table[name]


def lattice(table: pa.Table, name: str, *, low: Fraction, high: Fraction, step: Fraction) -> Integers:
    """The values as numbers of steps above `low`, moved into the bounds; NULL and NaN are left out.

    Raises:
        UsageError: the column is not numeric, or the lattice is empty, uneven or too fine.
    """
    values = column(table, name)
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type) or pa.types.is_decimal(values.type)):
        raise UsageError(f"column `{name}` is not numeric", help="count it, or cast it first")
    steps = (high - low) / step if step > 0 else Fraction(0)
    if steps.denominator != 1 or not 1 <= steps <= MAX_STEPS:
        raise UsageError(
            f"the bounds of `{name}` are not a whole number of steps apart, 1 to {MAX_STEPS}",
            help="choose another step",
        )
    plain = np.asarray(pc.cast(values.drop_null(), pa.float64(), safe=False).combine_chunks())
    plain = plain[~np.isnan(plain)]
    clamped = np.clip(plain, float(low), float(high))
    found: Integers = np.clip(np.rint((clamped - float(low)) / float(step)).astype(np.int64), 0, int(steps))
    return found


def magnitudes(table: pa.Table, name: str, step: Fraction) -> list[int]:
    """Rows in each bin of `bounds.bin_of`, by sign and number of bits, of the values as numbers of steps."""
    half = MAX_STEPS // 2
    signed = lattice(table, name, low=-half * step, high=half * step, step=step) - half
    bits = np.searchsorted(np.int64(1) << np.arange(MAX_STEPS.bit_length()), np.abs(signed), side="right")
    counted: list[int] = np.bincount(MAX_MAGNITUDE + np.sign(signed) * bits, minlength=BINS).tolist()
    return counted


def contributions(table: pa.Table, unit: str) -> list[int]:
    """How many rows each unit has; rows without a unit are left out."""
    return list(pc.value_counts(column(table, unit).drop_null()).field("counts").to_pylist())


def tally(table: pa.Table, names: Sequence[str], keys: Sequence[Sequence[Any]]) -> list[int]:
    """Rows in each cell of the product of public keys, the last column fastest; other rows are left out."""
    cells = np.zeros(table.num_rows, dtype=np.int64)
    inside = np.ones(table.num_rows, dtype=np.bool_)
    size = 1
    for name, public in zip(names, keys, strict=True):
        wanted = pa.array(public, type=column(table, name).type)
        if len(wanted.unique()) != len(wanted):
            raise UsageError(f"the public keys of `{name}` repeat", help="name each once")
        found = pc.index_in(column(table, name).combine_chunks(), value_set=wanted)
        inside &= np.asarray(pc.is_valid(found))
        cells = cells * len(public) + np.asarray(pc.fill_null(found, 0))
        size *= len(public)
    counted: list[int] = np.bincount(cells[inside], minlength=size).tolist()
    return counted
