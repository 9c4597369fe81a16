"""The Arrow form of a transform as a function that an engine in this process calls on a column of text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from guard.errors import GuardError

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.keys import Keys
    from guard.anonymize.transform import Transform
    from guard.model import ColumnFunction

DIGEST = 12  # hex digits of the name that tell parameters and keys apart


def name_of(transform: str, params: Mapping[str, Any], keys: Keys | None) -> str:
    """`guard_partial_3f2a...`: one name for one transform with its parameters and keys; it tells none of them."""
    said = [dict(params), [keys.purpose, keys.current] if keys is not None else None]
    digest = hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()
    return f"guard_{transform}_{digest[:DIGEST]}"


def column_function(transform: Transform, params: Any, keys: Keys | None) -> ColumnFunction:
    """`transform` over a column of text. A value that it refuses becomes null, and the others do not notice."""

    def function(column: pa.ChunkedArray) -> pa.Array:
        import pyarrow as pa

        try:
            return transform.apply(column, params, keys)
        except GuardError:
            if len(column) == 1:
                return pa.nulls(1, pa.string())
        rows = [function(column.slice(row, 1)) for row in range(len(column))]
        return pa.concat_arrays(rows)

    return function
