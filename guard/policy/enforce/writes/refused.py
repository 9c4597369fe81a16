"""How a write is refused before anything is decided about it."""

from __future__ import annotations

from typing import Final

from guard.model import Gap

_CURE: Final = "write one table at a time, as INSERT, UPDATE, DELETE, MERGE or CREATE TABLE AS, without further clauses"


class RefusedWriteError(Exception):
    """The statement is no write that guard enforces; `gap` says why."""

    def __init__(self, gap: Gap) -> None:
        super().__init__(gap.what)
        self.gap = gap


def refuse(what: str, cure: str = _CURE) -> RefusedWriteError:
    """The refusal of a kind of write or of a clause in one."""
    return RefusedWriteError(Gap(code="unsupported_statement", what=what, help=cure))
