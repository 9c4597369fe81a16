"""What is known of one write: its target, what it assigns, and the SELECTs that say what it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sqlglot import exp

from guard.model import Column, Table, TableName

Action: TypeAlias = Literal["insert", "update", "delete", "create", "merge", "upsert"]

Kind: TypeAlias = Literal["update", "delete", "nothing", "insert"]  # of a branch of MERGE


@dataclass(frozen=True, slots=True)
class Conflict:
    """What an INSERT does where a row with its keys is there already: nothing, or SET `columns`.

    `keys` are the columns whose values collide: those that the statement names, in MariaDB every column.
    """

    keys: tuple[Column, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """One WHEN of a MERGE. `condition` and `values` are places among the assigned values of `Write.seen`."""

    kind: Kind
    matched: bool
    by_source: bool
    condition: int | None
    columns: tuple[Column, ...]
    values: range


@dataclass(slots=True)
class Write:
    """One write.

    `target` is the table written, None for one that is to be made. `columns` are those of it that get a value.
    `source` is what INSERT and CREATE take their rows from. `seen` reads the target, and beside it the tables that
    UPDATE, DELETE and MERGE join: the assigned values in order, then RETURNING's, then the columns that are written
    or compared as keys; for a plain INSERT no assigned values. Its WHERE is the statement's own; a MERGE has none, its
    ON is the first assigned value. `told` says the same for facts, where conditions must stand where they act.
    """

    action: Action
    name: TableName
    target: Table | None
    alias: str = ""
    columns: tuple[Column, ...] = ()
    source: exp.Query | exp.Values | None = None
    seen: exp.Select | None = None
    assigned: int = 0  # values of SET in `seen`
    returned: tuple[str, ...] = field(default=())  # names of RETURNING's columns in `seen`
    told: exp.Select | None = None
    conflict: Conflict | None = None
    branches: tuple[Branch, ...] = ()

    @property
    def reads(self) -> tuple[exp.Expression, ...]:
        """The SELECTs over which review and rewriting run."""
        return tuple(each for each in (self.source, self.seen) if isinstance(each, exp.Expression))

    @property
    def facts(self) -> tuple[exp.Expression, ...]:
        """The SELECTs that say what is read, and how."""
        return tuple(each for each in (self.source, self.told or self.seen) if isinstance(each, exp.Expression))

    @property
    def changed(self) -> tuple[Column, ...]:
        """The columns that rows which are there already get a new value for."""
        match self.action:
            case "update":
                return self.columns
            case "merge":
                return tuple(column for each in self.branches if each.kind == "update" for column in each.columns)
        return self.conflict.columns if self.conflict is not None else ()
