"""The rows of an answer in each format of `guard query`; every format but `table` writes all of them."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from guard.cli.tables import render_fitting

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN_ROWS = 100  # of the terminal table
BATCH = 10_000  # rows made into text at once


def as_table(table: pa.Table) -> str:
    """The first rows for a terminal, and how many there are."""
    shown = table.slice(0, SHOWN_ROWS)
    columns = [
        ["NULL" if value is None else text_of(value) for value in column.to_pylist()] for column in shown.columns
    ]
    text = render_fitting(table.column_names, list(zip(*columns, strict=True)))
    more = table.num_rows - shown.num_rows
    rows = f"{table.num_rows} row{'s' * (table.num_rows != 1)}"
    return f"{text}{rows}{f', {more} not shown (use --format csv)' if more else ''}\n"


def as_csv(table: pa.Table, _privacy: Mapping[str, Any] | None = None) -> Iterator[str]:
    """RFC 4180 with a header; null and the empty text look the same, bytes are base64, nested values JSON."""
    yield _csv([table.column_names])
    for batch in table.to_batches(max_chunksize=BATCH):
        columns = [[None if value is None else text_of(value) for value in column.to_pylist()] for column in batch]
        yield _csv(zip(*columns, strict=True))


def as_ndjson(table: pa.Table, _privacy: Mapping[str, Any] | None = None) -> Iterator[str]:
    """An object a row."""
    names = unique_names(table.column_names)
    for batch in table.to_batches(max_chunksize=BATCH):
        columns = [column.to_pylist() for column in batch]
        yield "".join(_json(dict(zip(names, row, strict=True))) + "\n" for row in zip(*columns, strict=True))


def as_json(table: pa.Table, privacy: Mapping[str, Any] | None = None) -> Iterator[str]:
    """One document: `v`, an object a row in `rows`, and `privacy` where the answer was paid for with a budget."""
    yield '{"v": 1, "rows": ['
    first = True
    for text in as_ndjson(table):
        for line in text.removesuffix("\n").split("\n"):
            yield f"{'' if first else ','}\n  {line}"
            first = False
    more = "" if privacy is None else f', "privacy": {_json(dict(privacy))}'
    yield f"]{more}}}\n" if first else f"\n]{more}}}\n"


Render: TypeAlias = Callable[["pa.Table", Mapping[str, Any] | None], Iterator[str]]
RENDER: dict[str, Render] = {"csv": as_csv, "json": as_json, "ndjson": as_ndjson}


def unique_names(names: list[str]) -> list[str]:
    """Names for the fields of an object: SQL allows a name twice, and the second must not overwrite the first."""
    taken = set(names)
    seen: set[str] = set()
    unique = []
    for name in names:
        new, count = name, 1
        while new in seen or (count > 1 and new in taken):
            count += 1
            new = f"{name}_{count}"
        seen.add(new)
        unique.append(new)
    return unique


def text_of(value: Any) -> str:
    """One value as text: as Python prints it where that is what SQL prints too."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list | dict | tuple):
        return _json(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _csv(rows: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _json(value: Any) -> str:
    # NaN and infinity have no spelling in JSON, so they are texts.
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return str(value)  # exact; a JSON number would be read as a binary fraction
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat is not None else text_of(value)
