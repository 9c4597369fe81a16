"""Documents as tables: a row a paragraph with its place, and a sheet of a workbook with its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from guard.errors import SourceError
from guard.sources.documents import Passage, extract, sheets
from guard.sources.duckdb_engine import Connection
from guard.sources.names import quoted

COLUMNS = ("place", "text")
MOST_COLUMNS = 2_000  # of a sheet
_CELL = re.compile(r"(?P<column>[A-Z]{1,3})(?P<row>[0-9]{1,7})")


class Document:
    """Word, presentations and PDF: `place` and `text`."""

    name = "a document"

    def __init__(self) -> None:
        self.unread: dict[Path, str] = {}  # what of a document could not be read when it was last loaded

    def columns(self, connection: Connection, path: Path) -> tuple[str, ...]:  # noqa: ARG002 - the port's signature
        return COLUMNS

    def load(self, connection: Connection, name: str, paths: Sequence[Path]) -> tuple[Path, ...]:
        each = {path: extract(path) for path in paths}
        self.unread.update((path, extracted.unread) for path, extracted in each.items())
        found = [(path, passage) for path, extracted in each.items() for passage in extracted.passages]
        places = [passage.place if len(paths) == 1 else f"{path.name}: {passage.place}" for path, passage in found]
        _keep(connection, name, dict(zip(COLUMNS, (places, [passage.text for _, passage in found]), strict=True)))
        return ()


class Sheet:
    """One sheet of a workbook: its columns, called as the first row says when it holds names."""

    name = "a workbook"

    def __init__(self, sheet: str) -> None:
        self._sheet = sheet

    def columns(self, connection: Connection, path: Path) -> tuple[str, ...]:  # noqa: ARG002 - the port's signature
        return (str(path), self._sheet)  # no two sheets are one table

    def load(self, connection: Connection, name: str, paths: Sequence[Path]) -> tuple[Path, ...]:
        _keep(connection, name, _table(extract(paths[0], sheet=self._sheet).passages))
        return ()


class Workbook:
    """A workbook: a table a sheet."""

    name = "a workbook"

    def columns(self, connection: Connection, path: Path) -> tuple[str, ...]:  # noqa: ARG002 - the port's signature
        return (str(path),)  # no two workbooks are one table

    def load(self, connection: Connection, name: str, paths: Sequence[Path]) -> tuple[Path, ...]:  # noqa: ARG002 - as above
        raise SourceError(f"`{paths[0].name}` is read sheet by sheet")  # `sheets` comes first

    def sheets(self, path: Path) -> dict[str, Sheet]:
        """A format for each sheet, by its name."""
        return {name: Sheet(name) for name in sheets(path)}


def _table(passages: Sequence[Passage]) -> dict[str, list[str | None]]:
    """The cells of a sheet by column; the first row gives the names when each of its cells is a different text."""
    rows: dict[int, dict[str, str]] = {}
    letters: dict[str, None] = {}
    for passage in passages:
        cell = _CELL.fullmatch(passage.place.rpartition("!")[2])
        if cell is not None:
            rows.setdefault(int(cell["row"]), {})[cell["column"]] = passage.text
            letters.setdefault(cell["column"])
    used = sorted(letters, key=lambda letter: (len(letter), letter))
    if len(used) > MOST_COLUMNS:
        raise SourceError(f"a sheet has more than {MOST_COLUMNS:,} columns", help="split it")
    head = rows[min(rows)] if rows else {}
    names = [head.get(letter, "").strip() for letter in used]
    if len(rows) > 1 and all(map(_is_name, names)) and len({name.lower() for name in names}) == len(names):
        del rows[min(rows)]
    else:
        names = used
    return {name: [row.get(letter) for row in rows.values()] for name, letter in zip(names, used, strict=True)}


def _is_name(text: str) -> bool:
    """True for what can head a column: no number, and not long."""
    return 0 < len(text) <= 64 and any(char.isalpha() for char in text) and sum(map(str.isdigit, text)) * 2 < len(text)


def _keep(connection: Connection, name: str, columns: dict[str, list[str]] | dict[str, list[str | None]]) -> None:
    import pyarrow as pa

    table = pa.table({column: pa.array(values, pa.string()) for column, values in (columns or {"A": []}).items()})
    connection.register("guard_document", table)
    connection.execute(f"CREATE TABLE {quoted(name, 'duckdb')} AS SELECT * FROM guard_document")
    connection.unregister("guard_document")
