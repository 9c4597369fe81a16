"""Prepared wraps: the text of each is made, parsed and proved once, and then used by every statement that reads the
same columns of the same table under the same duties.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import msgspec
from sqlglot import exp

from guard.policy.enforce.emit import emit
from guard.policy.enforce.owed import Duties, TableDuty, duties
from guard.policy.enforce.prove import ProvedWrap, prove_wrap
from guard.policy.enforce.wrap import Wrapping, closed, open_columns, reading
from guard.sql.masking import Parameters

if TYPE_CHECKING:
    from guard.model import Decision, Table, TableName
    from guard.sql.catalogue import Catalogue
    from guard.sql.masking import MaskSql

MOST: Final = 2_000  # fragments kept for one catalogue and source of masks
_FENCES: Final = {"postgres": " OFFSET 0", "duckdb": " OFFSET 0", "sqlite": " LIMIT -1 OFFSET 0"}
_ENCODER: Final = msgspec.msgpack.Encoder()


@dataclass(frozen=True, slots=True)
class Fragment:
    """A wrap without its alias: `head` and `tail` meet where conditions of the statement may stand."""

    head: str
    tail: str
    proved: ProvedWrap
    open_columns: frozenset[str]  # those that the statement's own conditions may name here
    reads: tuple[TableName, ...]  # the entitlement tables of its filters


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which wrap of a table: the columns that it shows, and how its filters stand."""

    table: TableName
    shown: tuple[str, ...]
    decided: frozenset[str] | None
    fence: bool
    late: bool
    opaque: bool = False


class Fragments:
    """The prepared wraps of one catalogue and one source of masks (which holds these: they do not hold it)."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._kept: dict[tuple[bytes, Wanted], Fragment] = {}

    def of(self, wanted: Wanted, table: Table, decision: Decision, owed: bytes, mask_sql: MaskSql) -> Fragment | None:
        """The wrap, made now or before; None where it binds values, which stand for one statement only.

        Raises:
            AccessDeniedError: an obligation cannot be met, or the wrap does not prove.
        """
        key = (owed, wanted)
        found = self._kept.get(key)
        if found is None:
            found = self._made(wanted, table, decision, mask_sql)
            if found is None:
                return None
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[key] = found
        return found

    def _made(self, wanted: Wanted, table: Table, decision: Decision, mask_sql: MaskSql) -> Fragment | None:
        dialect = self.catalogue.dialect
        duty = _duty(wanted, table, decision, self.catalogue)
        parameters = Parameters()
        wrapping = Wrapping(dialect, mask_sql, parameters, wanted.fence, wanted.opaque)
        columns = tuple(column for column in table.columns if column.name in set(wanted.shown))
        select = reading(duty, columns, wrapping, late=wanted.late)
        bare = exp.Subquery(this=select)
        whole = closed(bare, duty, columns, wrapping)
        text, inner = emit(whole.copy(), dialect), emit(bare, dialect)
        if parameters.values():
            return None
        fence = _FENCES[dialect] if wanted.fence and duty.filters else ""
        tail = f"{fence})"
        before, found, after = text.partition(inner)
        if not found or not inner.endswith(tail):
            return None
        reads = tuple(read.name for condition in duty.filters for read in condition.reads)
        proved = prove_wrap(text, table, self.catalogue, decision)
        return Fragment(before + inner[: -len(tail)], tail + after, proved, open_columns(duty), reads)


def _duty(wanted: Wanted, table: Table, decision: Decision, catalogue: Catalogue) -> TableDuty:
    """The duties of one table, through the same checks as on the long way."""
    own = tuple(each for each in decision.obligations if getattr(each, "table", None) == table.name)
    narrowed = msgspec.structs.replace(decision, obligations=own, facts=None)
    owed: Duties = duties(narrowed, (table,), catalogue)
    duty = owed.tables[table.name]
    duty.decided = wanted.decided
    return duty


def encoded(obligations: tuple[Any, ...]) -> bytes | None:
    """Obligations as bytes that are equal exactly when they are; None where they hold what has no such form."""
    try:
        return _ENCODER.encode(obligations)
    except (TypeError, msgspec.MsgspecError):
        return None


_lock = threading.Lock()
_fragments: WeakKeyDictionary[Any, Fragments] = WeakKeyDictionary()  # OWNED BY: _lock; by source of masks


def fragments(catalogue: Catalogue, mask_sql: MaskSql) -> Fragments:
    """The prepared wraps of this snapshot: those of an older one are forgotten."""
    with _lock:
        found = _fragments.get(mask_sql)
        if found is None or found.catalogue is not catalogue:
            found = _fragments[mask_sql] = Fragments(catalogue)
        return found


def forget() -> None:
    """Makes every wrap anew; for tests that change how wraps are made."""
    with _lock:
        _fragments.clear()


def decided_columns(decision: Decision) -> Mapping[TableName, frozenset[str]] | None:
    """The columns that the decision looked at, by table; None where it carries no facts."""
    if decision.facts is None:
        return None
    found: dict[TableName, set[str]] = {}
    for use in decision.facts.columns:
        found.setdefault(use.table, set()).add(use.column)
    return {table: frozenset(columns) for table, columns in found.items()}
