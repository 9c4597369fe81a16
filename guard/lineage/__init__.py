"""Where from, where to: column lineage of statements, labels along edges, the graph, OpenLineage events.

`guard.lineage.extract(sql, ...)` is the function, although the module of the same name defines it.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guard.lineage.extract import extract as extract  # noqa: TC004 - at run time the properties below load it
    from guard.lineage.extract import from_statement as from_statement  # noqa: TC004 - as above

__all__ = ["extract", "from_statement"]


class _Room(ModuleType):
    """Loads the public names on first use. Importing the submodule `extract` must not put it over the function."""

    @property
    def extract(self) -> Any:
        from guard.lineage.extract import extract

        return extract

    @extract.setter
    def extract(self, module: ModuleType) -> None:
        """What the import system does after loading the submodule; the function stays."""

    @property
    def from_statement(self) -> Any:
        from guard.lineage.extract import from_statement

        return from_statement


sys.modules[__name__].__class__ = _Room
