"""Generalisation hierarchies in ARX's file form: a line holds a value and its ever coarser ancestors, `;` between."""

from __future__ import annotations

import csv
from functools import lru_cache

from guard.anonymize.transform import File
from guard.errors import PlanError
from guard.model import Value

SUPPRESSED = "*"
MAX_VALUES = 1_000_000
MAX_LEVELS = 32


class Hierarchy(Value, frozen=True):
    """`rows` hold a value and then its ancestors, as many in each row; no value stands twice."""

    name: str
    rows: tuple[tuple[str, ...], ...]

    @property
    def height(self) -> int:
        """The number of levels above the values."""
        return len(self.rows[0]) - 1

    def check(self, level: int) -> None:
        """That there is such a level.

        Raises:
            PlanError: there is not.
        """
        if not 1 <= level <= self.height:
            msg = f"the hierarchy `{self.name}` has no level {level}"
            raise PlanError(msg, help=f"its levels are 1 to {self.height}")

    def steps(self, level: int) -> dict[str, str]:
        """Each value and its ancestor at `level`."""
        return {row[0]: row[level] for row in self.rows}


@lru_cache(maxsize=64)
def parse(file: File) -> Hierarchy:
    """The hierarchy in a file.

    Raises:
        PlanError: not UTF-8 text, empty, ragged, too large, or a value that stands twice. Names the line.
    """
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        msg = f"the hierarchy `{file.name}` is not UTF-8 text"
        raise PlanError(msg, help="save it as UTF-8") from None
    try:
        rows = tuple(tuple(row) for row in csv.reader(text.splitlines(), delimiter=";", strict=True) if row)
    except csv.Error:
        msg = f"the hierarchy `{file.name}` is not a `;` separated file"
        raise PlanError(msg, help="close each quotation mark") from None
    if not rows or len(rows) > MAX_VALUES or not 2 <= len(rows[0]) <= MAX_LEVELS:
        msg = f"the hierarchy `{file.name}` is empty, too large, or has no level"
        raise PlanError(msg, help="write one line a value: value;level 1;level 2")
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]) or row[0] in seen:
            msg = f"row {number} of the hierarchy `{file.name}` repeats a value or has another number of levels"
            raise PlanError(msg, help="each value stands once, and every row has as many levels")
        seen.add(row[0])
    return Hierarchy(name=file.name, rows=rows)
