"""How a source spells names: identifiers in SQL, globs over tables, URIs without secrets."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlglot import exp

from guard.errors import UsageError
from guard.model import Table, TableName


@lru_cache(4096)
def quoted(name: str, dialect: str) -> str:
    """One identifier, quoted as the dialect wants it."""
    if "\0" in name:
        raise UsageError("a name holds a NUL character")
    return exp.to_identifier(name, quoted=True).sql(dialect)


@lru_cache(4096)
def quoted_table(name: TableName, dialect: str) -> str:
    """A table as SQL addresses it, each part quoted."""
    return ".".join(quoted(part, dialect) for part in (name.catalog, name.schema, name.name) if part)


def matching(tables: Iterable[Table], only: Sequence[str] | None) -> tuple[Table, ...]:
    """The tables whose name or full name matches one of the globs; all of them when `only` is None."""
    if only is None:
        return tuple(tables)
    return tuple(
        table
        for table in tables
        if any(fnmatch.fnmatchcase(name, glob) for glob in only for name in (table.name.name, str(table.name)))
    )


def path_of(uri: str, scheme: str, root: Path | None) -> Path:
    """The absolute path in `scheme:///relative.db` or `scheme:////absolute.db`, as SQLAlchemy reads them.

    Raises:
        UsageError: the URI names a host, a query or a fragment.
    """
    parts = urlsplit(uri)
    if parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            f"`{scheme}` takes only a path", help=f"write `{scheme}:///file.db` or `{scheme}:////absolute/file.db`"
        )
    return absolute(unquote(parts.path.removeprefix("/")), root)


def absolute(path: str | Path, root: Path | None) -> Path:
    """The path seen from `root`, or from the current folder."""
    return ((root or Path.cwd()) / Path(path).expanduser()).absolute()
