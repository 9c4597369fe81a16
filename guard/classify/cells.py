"""A column as a scan sees it: distinct values with counts, as folded text, and nothing else of the data.

Cells stay inside this package: no label, evidence, error or representation carries one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from guard.classify.effort import ORDINARY, Effort
from guard.classify.fold import fold
from guard.classify.shape import shapes_of

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_CELL = 65_536  # characters of a cell that are read
_FOLDED_AT_ONCE = 1 << 20  # characters
_NO_VALUE = frozenset(
    {"", "null", "none", "n/a", "na", "nan", "nil", "-", "--", "\\n", "无", "無", "未知", "unknown", "?"}
)
_LONGEST_NO_VALUE = max(map(len, _NO_VALUE))
_ANSWERS = frozenset(frozenset(pair.split()) for pair in ("true false", "yes no", "y n", "t f", "是 否"))


class Cells:
    """The distinct values of a column.

    Attributes:
        looked_at: cells read, nulls included.
        nulls: cells without a value, empty and placeholder cells included.
        distinct: distinct values among those read.
        values: distinct values as folded text; at most `effort.distinct`.
        counts: how often each occurs.
        shapes: the shape of each.
        numeric: the column is of a number type.
        boolean: the column is of the truth type.
        temporal: the column is of a date or time type.
        effort: how much of the column is looked at.
        seen: what `values.judge` made of them (`values.Observed`), once it did.
    """

    __slots__ = (
        "boolean", "counts", "distinct", "effort", "looked_at", "nulls", "numeric", "seen", "shapes", "temporal",
        "values",
    )  # fmt: skip

    def __init__(
        self, counted: Sequence[tuple[str, int]], looked_at: int, nulls: int, effort: Effort = ORDINARY
    ) -> None:
        self.effort = effort
        real = _together(_folded([text for text, _ in counted]), [count for _, count in counted])
        for value in [text for text in real if len(text) <= _LONGEST_NO_VALUE and text.lower() in _NO_VALUE]:
            nulls += real.pop(value)
        self.looked_at = looked_at
        self.nulls = nulls
        self.distinct = len(real)
        real = _whole(real)
        items = list(real.items())
        if len(items) > effort.distinct:
            items = [items[index * len(items) // effort.distinct] for index in range(effort.distinct)]
        self.values = [value for value, _ in items]
        self.counts = [count for _, count in items]
        self.shapes = shapes_of(self.values)
        self.boolean = len(real) == 2 and frozenset(value.lower() for value in real) in _ANSWERS
        self.numeric = self.temporal = False
        self.seen: Any = None

    def __repr__(self) -> str:
        return f"Cells(looked_at={self.looked_at}, nulls={self.nulls}, distinct={self.distinct})"


def _together(texts: list[str], counts: list[int]) -> dict[str, int]:
    """Each text once, with its counts added up; folding seldom makes two of them one."""
    together = dict(zip(texts, counts, strict=True))
    if len(together) < len(texts):
        together = dict.fromkeys(texts, 0)
        for text, count in zip(texts, counts, strict=True):
            together[text] += count
    return together


def _whole(counted: dict[str, int]) -> dict[str, int]:
    """Without the `.0` that a frame with gaps leaves on whole numbers, when every value has it."""
    if all(value.endswith(".0") and value[:-2].lstrip("-").isdigit() for value in counted):
        return {value[:-2]: count for value, count in counted.items()}
    return counted


def _folded(raw: list[str]) -> list[str]:
    """Each text cut, folded, stripped and on one line; small columns are folded as one text, which costs a tenth."""
    texts = [text[:LONGEST_CELL] for text in raw]
    joined = "\n".join(texts)
    if joined.isascii():
        pass
    elif len(joined) <= _FOLDED_AT_ONCE and joined.count("\n") == len(texts) - 1:
        texts = fold(joined)[0].split("\n")  # no character folds to a line feed
    else:
        texts = [fold(text)[0] for text in texts]
    texts = [text.strip() for text in texts]
    return [text.replace("\n", " ") for text in texts] if joined.count("\n") >= len(texts) else texts


def of_texts(texts: Sequence[str | None], effort: Effort = ORDINARY) -> Cells:
    """The cells of a sequence of texts."""
    counted = Counter(text for text in texts if text is not None)
    return Cells(list(counted.items()), len(texts), len(texts) - counted.total(), effort)


def of_array(array: pa.Array | pa.ChunkedArray, effort: Effort = ORDINARY) -> Cells | None:
    """The cells of an Arrow array of a flat type; None where its type has no text (binary)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if pa.types.is_null(kind):
        return Cells([], len(array), len(array), effort)
    if pa.types.is_dictionary(kind):
        array = array.cast(kind.value_type)
        kind = array.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return None
    nulls = array.null_count
    counts = pc.value_counts(array.drop_null())
    texts = _texts(counts.field(0))
    if texts is None:
        return None
    cells = Cells(list(zip(texts, counts.field(1).to_pylist(), strict=True)), len(array), nulls, effort)
    cells.boolean = cells.boolean or pa.types.is_boolean(kind)
    cells.numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    cells.temporal = pa.types.is_temporal(kind)
    return cells


def _texts(values: Any) -> list[str] | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if pa.types.is_floating(kind):
        numbers = [number for number in values.to_pylist() if number is not None]
        whole = all(abs(number) < 2**53 and number == int(number) for number in numbers if isfinite(number))
        # 13800138000.0 is how a frame with gaps holds an integer column
        return [_number(number, whole=whole) for number in numbers]
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        texts: list[str] = pc.strftime(values.cast(pa.timestamp("us")), format="%Y-%m-%d %H:%M:%S").to_pylist()
        return [text.split(".")[0] for text in texts]
    try:
        result: list[str] = values.cast(pa.string()).to_pylist()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    return result


def _number(number: float, *, whole: bool) -> str:
    return str(int(number)) if whole and isfinite(number) else repr(number)
