"""Counts of groups over a whole table, batch by batch; see `transforms/small_groups.py` for what they are for."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from guard.anonymize.columns import is_text
from guard.errors import TransformError

MAX_GROUPS = 10_000_000
_MERGE_AT = 64  # batches


class Counts:
    """How many rows each group has."""

    def __init__(self, k: int) -> None:
        self._k = k
        self._parts: list[pa.Table] = []

    def see(self, values: pa.Array, beside: Mapping[str, pa.Array]) -> None:
        """The next batch.

        Raises:
            TransformError: there are too many groups to count.
        """
        counts = pc.value_counts(group_keys(values, beside))
        self._parts.append(pa.table({"group": counts.field(0), "n": counts.field(1)}))
        if len(self._parts) >= _MERGE_AT:
            self._merge()

    def _merge(self) -> None:
        empty = pa.table({"group": pa.array([], pa.large_string()), "n": pa.array([], pa.int64())})
        whole = pa.concat_tables(self._parts or [empty]).group_by("group").aggregate([("n", "sum")])
        self._parts = [whole.select(["group", "n_sum"]).rename_columns(["group", "n"])]
        if whole.num_rows > MAX_GROUPS:
            msg = f"it has more than {MAX_GROUPS:,} groups, so hardly a value is shared"
            raise TransformError(msg, help="generalise the column first, or leave it out")

    def found(self) -> pa.Array:
        """The groups that are large enough."""
        self._merge()
        whole = self._parts[0]
        return whole.filter(pc.greater_equal(whole["n"], self._k))["group"].combine_chunks()


def group_keys(values: pa.Array, beside: Mapping[str, pa.Array]) -> pa.Array:
    """One text for each row, the same for two rows exactly when all their values are the same.

    Raises:
        TransformError: a column is of a type without a text form.
    """
    columns = [_text(column) for column in (values, *beside.values())]
    if len(columns) == 1:
        return columns[0]
    # Each value behind its length, so that no two rows run together; a null has none.
    sized = [
        pc.fill_null(
            pc.binary_join_element_wise(pc.binary_length(column).cast(pa.large_string()), column, _large(":")),
            _large("-"),
        )
        for column in columns
    ]
    return pc.binary_join_element_wise(*sized, _large(","))


def _large(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def _text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        msg = f"values of the type `{str(kind)[:64]}` cannot be counted"
        raise TransformError(msg, help="drop the column, or count another one")
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    return column.cast(pa.large_string()) if is_text(column.type) else column.cast(pa.string()).cast(pa.large_string())
