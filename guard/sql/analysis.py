"""The bookkeeping of one analysis: gaps, budget, what was visited, and the base tables met so far."""

from __future__ import annotations

from typing import Literal, TypeAlias

from sqlglot import exp

from guard.model import Dataset, Gap, Table, TableName
from guard.sql.catalogue import Catalogue
from guard.sql.marks import IDENTITY, Base, Flow
from guard.sql.names import Names
from guard.sql.relations import BaseTable, Relation
from guard.sql.ways import STRAIGHT, Ways

GapCode: TypeAlias = Literal[
    "unknown_table",
    "unknown_column",
    "ambiguous_column",
    "unsupported_statement",
    "unsupported_syntax",
    "unreviewed_function",
    "view_not_expanded",
    "stale_catalogue",
    "too_large",
]

_HELP: dict[str, str] = {
    "unknown_table": "scan the source again, or check the spelling and the schema of the table",
    "unknown_column": "scan the source again, or check the spelling of the column",
    "ambiguous_column": "qualify the column with its table",
    "unsupported_statement": "send a SELECT",
    "unsupported_syntax": "write the query without this construct",
    "unreviewed_function": "use a reviewed function, or have this one reviewed",
    "view_not_expanded": "scan the source again so that the catalogue holds the view's definition",
    "stale_catalogue": "scan the source again",
    "too_large": "split the query",
}

# Work, not time, bounds an analysis, so that the same query always gets the same answer: a unit is a syntax node
# or a column looked at. 99 of 99 TPC-DS queries stay below 6,000; 400,000 take about a second.
MAX_WORK = 400_000


class BudgetSpentError(Exception):
    """The analysis was stopped; its caller turns this into a gap."""


class Analysis:
    """State of one analysis of one statement. `unknown` says whether a table outside the catalogue is a gap or open."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        unknown: Literal["gap", "open"],
        namespace: str,
        max_work: int,
        ways: Ways | None = None,
    ) -> None:
        self.ways = ways
        self._mark = IDENTITY if ways is None else IDENTITY | STRAIGHT
        self.catalogue = catalogue
        self.dialect = catalogue.dialect
        self.names: Names = catalogue.names_of
        self.unknown = unknown
        self.namespace = namespace
        self.tables: dict[TableName, Table | None] = {}  # every relation read, views too, in order of appearance
        self.seen: set[int] = set()  # id() of the Column and Table nodes that were accounted for
        self.named: dict[Base, None] = {}  # base columns that the statement itself names
        self.views: dict[TableName, Relation] = {}
        self.views_parsed: list[exp.Expression] = []  # held, so that ids in `seen` stay theirs
        self.opening: set[TableName] = set()
        self.view_depth = 0
        self._gaps: dict[Gap, None] = {}
        self._bases: dict[TableName, BaseTable] = {}
        self._left = max_work

    def gap(self, code: GapCode, what: str) -> None:
        """Records that guard does not know enough; `what` is a name, never a value."""
        self._gaps[Gap(code=code, what=what[:120], help=_HELP[code])] = None

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps, in order of appearance, without repeats."""
        return tuple(self._gaps)

    def spend(self, work: int) -> None:
        """Pays for `work` units.

        Raises:
            BudgetSpentError: nothing is left.
        """
        self._left -= work
        if self._left < 0:
            raise BudgetSpentError

    def base(self, node: exp.Table, table: Table | None) -> BaseTable:
        """The base relation that `node` names; the same object each time."""
        name = table.name if table is not None else self._spelled(node)
        self.tables.setdefault(name, table)
        base = self._bases.get(name)
        if base is None:
            dataset = table.dataset if table is not None else Dataset(namespace=self.namespace, name=str(name))
            base = self._bases[name] = BaseTable(name, dataset, table, self.catalogue, self._mark)
        return base

    def nowhere(self, key: str) -> Flow:
        """A column that several unknown tables could have: it comes from a table without a name, beside a gap."""
        name = TableName(name="")
        base = self._bases.get(name)
        if base is None:
            dataset = Dataset(namespace=self.namespace, name="")
            base = self._bases[name] = BaseTable(name, dataset, None, self.catalogue, self._mark)
        return base.guess(key)

    def _spelled(self, node: exp.Table) -> TableName:
        of = self.names.of
        parts = [of(part) if isinstance(part, exp.Identifier) else str(part) for part in node.parts]
        name = parts[-1] if parts else ""
        schema = parts[-2] if len(parts) > 1 else ""
        return TableName(name=name, schema=schema, catalog=".".join(parts[:-2]))
