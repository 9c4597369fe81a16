"""Tables as text: cells wrap, so that nothing is cut away silently; what is too wide stands as records."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from guard.cli.terminal import cell, printable, width

MAX_CELL = 1000  # characters of one cell that a table shows; what is left out is counted
MIN_COLUMN = 12  # characters; with less a column is not readable
GAP = 3  # characters between columns


def render_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A plain table."""
    return _render([cell(name) for name in header], [[_shown(text) for text in row] for row in rows])


def render_fitting(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A plain table, or one record below the other when the columns would not be readable side by side."""
    from rich.cells import cell_len

    names = [cell(name) for name in header]
    cells = [[_shown(text) for text in row] for row in rows]
    columns = list(zip(names, *cells, strict=True))
    needed = sum(min(max(map(cell_len, column)), MIN_COLUMN) + GAP for column in columns) - GAP
    if needed <= width() or not cells:
        return _render(names, cells)
    room = max(map(cell_len, names))
    lines = []
    for number, row in enumerate(cells, start=1):
        lines.append(f"── row {number} ──")
        lines += [f"{name}{' ' * (room - cell_len(name))}  {text}" for name, text in zip(names, row, strict=True)]
    return "\n".join(lines) + "\n"


def _shown(text: str) -> str:
    if len(text) > MAX_CELL:
        text = f"{text[:MAX_CELL]}… ({len(text)} characters)"
    return cell(text)


def _render(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in header:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(text) for text in row))
    buffer = io.StringIO()
    Console(file=buffer, width=width(), color_system=None, legacy_windows=False).print(table)
    return printable("\n".join(line.rstrip() for line in buffer.getvalue().splitlines())) + "\n"
