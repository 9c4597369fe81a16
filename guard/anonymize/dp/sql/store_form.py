"""A noisy answer as text, and back: keys with their kinds, whole numbers of any size, the bounds that were chosen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final

from guard.anonymize.dp.sql.answer import Key, Measured
from guard.anonymize.dp.sql.bounding import Chosen
from guard.anonymize.dp.sql.post import Cell
from guard.errors import IntegrityError

VERSION = 1


def encoded(chosen: Chosen, noisy: Measured) -> str:
    """The text of an answer; numbers are decimal texts, so that nothing is rounded."""
    rows = [
        [[_cell(cell) for cell in key], [[str(number) for number in sums] for sums in measures]]
        for key, measures in noisy.sums.items()
    ]
    held = {"v": VERSION, "groups": chosen.groups, "rows": chosen.rows, "clips": dict(chosen.clips), "sums": rows}
    if noisy.keys is not None:
        held["keys"] = str(noisy.keys)
    return json.dumps(held, ensure_ascii=False, separators=(",", ":"))


def decoded(text: str) -> tuple[tuple[int, int, Mapping[str, Any]], Measured]:
    """The bounds and the noisy numbers of a text that `encoded` made.

    Raises:
        IntegrityError: it is not one.
    """
    try:
        held = json.loads(text)
        if held["v"] != VERSION:
            raise ValueError
        sums: dict[Key, tuple[tuple[int, ...], ...]] = {
            tuple(_read(cell) for cell in key): tuple(tuple(int(number) for number in each) for each in measures)
            for key, measures in held["sums"]
        }
        keys = int(held["keys"]) if "keys" in held else None
        return (int(held["groups"]), int(held["rows"]), dict(held["clips"])), Measured(sums, keys)
    except (ValueError, KeyError, TypeError):
        raise IntegrityError("a kept answer cannot be read", help="remove it from the store, and pay again") from None


def _cell(cell: Cell) -> list[str]:
    if cell is None:
        return ["n", ""]
    if isinstance(cell, bool):
        return ["b", str(int(cell))]
    if isinstance(cell, int):
        return ["i", str(cell)]
    if isinstance(cell, Fraction):
        return ["f", str(cell)]
    if isinstance(cell, datetime):
        return ["t", cell.isoformat()]
    if isinstance(cell, date):
        return ["d", cell.isoformat()]
    return ["s", cell]


def _read(pair: list[str]) -> Cell:
    kind, text = pair
    return _READERS[kind](text)


_READERS: Final[dict[str, Callable[[str], Cell]]] = {
    "n": lambda _text: None,
    "b": lambda text: text == "1",
    "i": int,
    "f": Fraction,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "s": str,
}
