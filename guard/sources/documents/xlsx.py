"""Workbooks: the cells of each sheet as they were last computed, by openpyxl."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from guard.sources.documents.passage import Passage


def passages(path: Path, sheet: str = "") -> Iterator[Passage]:
    """Every cell with a value, row by row; of one sheet, or of all. Formulas come as their last result."""
    from openpyxl import load_workbook
    from openpyxl.utils import get_column_letter

    workbook = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        for each in workbook.worksheets:
            if sheet and each.title != sheet:
                continue
            each.reset_dimensions()  # the file says how large it is, and may be wrong
            for at, row in enumerate(each.iter_rows(values_only=True), 1):
                for column, value in enumerate(row, 1):
                    if value is not None:
                        yield Passage(f"{each.title}!{get_column_letter(column)}{at}", _text(value))
    finally:
        workbook.close()


def sheets(path: Path) -> Iterator[Passage]:
    """The names of the sheets, as places."""
    from openpyxl import load_workbook

    workbook = load_workbook(path, read_only=True, keep_links=False)
    try:
        yield from (Passage(each.title, "") for each in workbook.worksheets)
    finally:
        workbook.close()


def _text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat(" ") if value.time() != dt.time() else value.date().isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)
