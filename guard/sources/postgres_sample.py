"""The SELECT of a sample: bounded, repeatable for a seed, with wide cells cut by the server."""

from __future__ import annotations

from guard.model import Column, Table
from guard.sources.names import quoted, quoted_table

CELL_CAP = 4096  # characters or bytes of one cell
ELEMENTS_CAP = 64  # elements of one array
PAGE_BYTES = 8192
READ_ALL_BYTES = 16 << 20  # a table up to this size is read to its end
ROWS_A_PAGE = 80  # for a table that was never analysed
OVERSAMPLE = 4  # so that rows of one page do not make the sample
VIEW_FACTOR = 20  # rows of a view looked at, as a multiple of the sample
VIEW_ROWS = 20_000  # and at least so many
MAX_SEED = 2**31 - 1


def from_table(table: Table, share: float, *, rows: int, seed: int, single: bool = False) -> str:
    """Random pages of a large table (`share` in percent), then random rows of them; all rows when 100.

    With `single` random rows of all pages: rows that were written together do not come together.
    """
    seed %= MAX_SEED
    source = quoted_table(table.name, "postgres")
    if share < 100:
        source += f" TABLESAMPLE {'BERNOULLI' if single else 'SYSTEM'} ({share:.6f}) REPEATABLE ({seed})"
    return _shuffled(
        table, f"SELECT *, tableoid AS guard_t, ctid AS guard_c FROM {source}", "guard_t, guard_c", rows, seed
    )


def from_view(table: Table, *, rows: int, seed: int, whole: bool = False) -> str:
    """Random rows of the beginning of a view or a foreign table, which have no pages to choose from; or of all."""
    cap = "" if whole else f" LIMIT {max(VIEW_ROWS, VIEW_FACTOR * rows)}"
    inner = f"SELECT v AS guard_v, v.* FROM {quoted_table(table.name, 'postgres')} AS v{cap}"
    return _shuffled(table, inner, "guard_v", rows, seed % MAX_SEED)


def share_of(rows: int, *, size: int, tuples: float, pages: int) -> float:
    """The percentage of pages that gives `OVERSAMPLE` times the rows; 100 for a small table."""
    if size <= READ_ALL_BYTES:
        return 100.0
    density = tuples / pages if pages and tuples else ROWS_A_PAGE
    return min(100.0, max(100.0 * OVERSAMPLE * rows / (density * size / PAGE_BYTES), 0.000001))


def _shuffled(table: Table, inner: str, key: str, rows: int, seed: int) -> str:
    cells = ", ".join(_capped(column) for column in table.columns)
    order = f"md5(concat_ws('/', {seed}, {key}))"
    return f"SELECT {cells} FROM ({inner}) AS guard_s ORDER BY {order} LIMIT {int(rows)}"


def _capped(column: Column) -> str:
    name = quoted(column.name, "postgres")
    kind = column.type.split("(")[0]
    if kind.endswith("[]"):
        return f"({name})[1:{ELEMENTS_CAP}] AS {name}"
    if kind in {"text", "character varying", "character", "name"}:
        return f"left({name}::text, {CELL_CAP}) AS {name}"
    if kind in {"json", "jsonb", "xml", "tsvector"}:
        return f"left({name}::text, {CELL_CAP}) AS {name}"
    if kind == "bytea":
        return f"substring({name} FROM 1 FOR {CELL_CAP}) AS {name}"
    return name
