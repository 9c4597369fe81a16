"""Opens a source from what a person writes: a URI, a path, a glob, a folder, or a table in memory.

A kind of source is a module of this folder that says what it takes: `SCHEMES` with `connect`, `accepts(path)`,
or `accepts_object` with `connect_object`. Nothing lists them.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import guard.sources
from guard.errors import SourceError, UsageError
from guard.sources.names import absolute
from guard.sources.source import Source

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://")
MAX_WHERE = 4096  # characters


def open_source(where: str | object, *, name: str | None = None, root: Path | None = None) -> Source:
    """The source behind `where`.

    Args:
        where: `postgresql://...`, `duckdb:///lake.db`, `sqlite:///crm.db`, `data/*.parquet`, `file.csv`, a folder, an
            Arrow, polars or pandas table, or a mapping of names to tables.
        name: what SQL calls a table in memory.
        root: relative paths are seen from here; the current folder by default.

    Raises:
        UsageError: no kind of source takes this.
        SourceError: it cannot be opened.
    """
    if isinstance(where, Path):
        where = str(where)
    if not isinstance(where, str):
        return _open_object(where, name)
    if not where or len(where) > MAX_WHERE or "\0" in where:
        raise UsageError("a source needs a URI, a path or a table", help=_known())
    found = _SCHEME.match(where)
    if found:
        for kind in kinds():
            if found[1].lower() in getattr(kind, "SCHEMES", ()):
                return _connect(kind, where, name, root)
        raise UsageError(f"no source has the scheme `{found[1]}`", help=_known())
    path = absolute(where, root)
    for kind in kinds():
        if hasattr(kind, "accepts") and kind.accepts(path):
            return _connect(kind, where, name, root)
    if not path.exists():
        raise SourceError(f"`{where}` is not there", help="check the path")
    raise UsageError(f"`{where}` is not a kind of file that guard reads", help=_known())


@cache
def kinds() -> tuple[ModuleType, ...]:
    """The modules beside this one that are kinds of source, in the order of their names."""
    names = (module.name for module in pkgutil.iter_modules(guard.sources.__path__))
    modules = (importlib.import_module(f"guard.sources.{name}") for name in sorted(names) if name != "open")
    return tuple(module for module in modules if hasattr(module, "connect") or hasattr(module, "connect_object"))


def _connect(kind: ModuleType, where: str, name: str | None, root: Path | None) -> Source:
    source: Source = kind.connect(where, name=name, root=root)
    return source


def _open_object(where: object, name: str | None) -> Source:
    for kind in kinds():
        if hasattr(kind, "accepts_object") and kind.accepts_object(where):
            source: Source = kind.connect_object(where, name=name)
            return source
    raise UsageError(f"a `{type(where).__name__}` is not a source", help=_known())


def _known() -> str:
    schemes = sorted(f"{scheme}://" for kind in kinds() for scheme in getattr(kind, "SCHEMES", ()))
    suffixes = sorted(suffix for kind in kinds() for suffix in getattr(kind, "SUFFIXES", ()))
    return f"guard reads {', '.join(schemes)}, files ({', '.join(suffixes)}), and Arrow, polars or pandas tables"
