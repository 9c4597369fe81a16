"""What stands in a FROM clause: relations whose columns can be looked up and listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from guard.model import Dataset, Table, TableName
from guard.sql.catalogue import Catalogue
from guard.sql.marks import IDENTITY, NOTHING, Base, Flow, union


class Col(NamedTuple):
    """A column of a relation: its name, the key by which the engine compares names, and what flows into it."""

    name: str
    key: str
    flow: Flow


class Relation(Protocol):
    """A table, a subquery, a function in FROM.

    Attributes:
        rows: what decides which rows there are, and their order.
        open: True when there may be columns that guard does not know of.
    """

    rows: Flow
    open: bool

    def known(self, key: str) -> Flow | None:
        """The column of this key, or None when it is not among the known ones."""

    def may_have(self, key: str) -> bool:
        """True when an unqualified name could be one of the columns that are not known."""

    def guess(self, key: str) -> Flow:
        """The column of this key in an open relation."""

    def all(self) -> Sequence[Col]:
        """All known columns, in order; those of an open relation end with one named `*`."""


class BaseTable:
    """A relation of the source; without `table` the catalogue does not have it, and it is open."""

    __slots__ = ("_bases", "_columns", "_dataset", "_mark", "_table", "name", "open", "rows")

    def __init__(
        self, name: TableName, dataset: Dataset, table: Table | None, catalogue: Catalogue, mark: int = IDENTITY
    ) -> None:
        self.name = name
        self._mark = mark
        self.rows: Flow = NOTHING
        self.open = table is None
        self._table = table
        self._dataset = dataset
        self._columns = catalogue.columns(table) if table is not None else {}
        self._bases: dict[str, Base] = {}

    def known(self, key: str) -> Flow | None:
        column = self._columns.get(key)
        return None if column is None else self._base(key, column.name).flow

    def may_have(self, key: str) -> bool:  # noqa: ARG002 - the port of a relation
        return self.open

    def guess(self, key: str) -> Flow:
        return self._base(key, key).flow

    def all(self) -> Sequence[Col]:
        if self.open:
            return (Col("*", "*", self._base("*", "*").flow),)
        return [
            Col(column.name, key, self._base(key, column.name).flow) for key, column in self._columns.items() if column
        ]

    def _base(self, key: str, name: str) -> Base:
        base = self._bases.get(key)
        if base is None:
            base = self._bases[key] = Base(self.name, self._dataset, name, self._mark)
        return base


class Derived:
    """The result of a query. `opens` are the open relations whose `*` it selects."""

    __slots__ = ("_index", "columns", "on_duplicate", "open", "opens", "rows")

    def __init__(
        self,
        columns: Sequence[Col],
        rows: Flow,
        opens: Sequence[Relation] = (),
        on_duplicate: Callable[[str], None] | None = None,
    ) -> None:
        self.columns = columns
        self.rows = rows
        self.opens = opens
        self.open = bool(opens)
        self.on_duplicate = on_duplicate
        self._index: dict[str, list[Flow]] | None = None

    def known(self, key: str) -> Flow | None:
        if self._index is None:
            self._index = {}
            for column in self.columns:
                self._index.setdefault(column.key, []).append(column.flow)
        flows = self._index.get(key)
        if flows is None or key == "*":
            return None
        if len(flows) > 1 and self.on_duplicate is not None:
            self.on_duplicate(key)
        return union(flows)

    def may_have(self, key: str) -> bool:
        return any(relation.may_have(key) for relation in self.opens)

    def guess(self, key: str) -> Flow:
        return union([relation.guess(key) for relation in self.opens])

    def all(self) -> Sequence[Col]:
        return self.columns


class Anything:
    """A relation of which only the inputs are known (a table function): each column may come from all of them.

    `own` are the only names that mean one of its columns without a qualifier; None where any may.
    """

    __slots__ = ("_columns", "_flow", "_own", "open", "rows")

    def __init__(
        self, flow: Flow, rows: Flow = NOTHING, columns: Sequence[Col] = (), own: frozenset[str] | None = None
    ) -> None:
        self._flow = flow
        self._own = own
        self._columns = {column.key: column for column in columns}
        self.rows = rows
        self.open = not columns

    def known(self, key: str) -> Flow | None:
        column = self._columns.get(key)
        return None if column is None else column.flow

    def may_have(self, key: str) -> bool:
        return self.open and (self._own is None or key in self._own)

    def guess(self, key: str) -> Flow:  # noqa: ARG002 - the port of a relation
        return self._flow

    def all(self) -> Sequence[Col]:
        return list(self._columns.values()) or (Col("*", "*", self._flow),)
