"""The column flow of one query: what the policy's facts and the lineage's edges are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from sqlglot import exp

from guard.model import ColumnUse, Gap, Table, TableName
from guard.sql.analysis import MAX_WORK, Analysis, BudgetSpentError
from guard.sql.catalogue import Catalogue
from guard.sql.functions import functions
from guard.sql.marks import IDENTITY, USES, Base, Flow, merge
from guard.sql.queries import Queries
from guard.sql.relations import Col, Relation
from guard.sql.ways import Ways


class FlowResult(NamedTuple):
    """What a query reads and how it acts on the answer.

    `columns` are the output columns in order; `rows` is what acts on all of them at once; `tables` are the relations
    read (views and what stands behind them), None for those that the catalogue does not have; `named` are the base
    columns that the statement spells out; `functions` are called by the views behind it. With gaps, all may be short.
    `ways` reads the upper bits of the marks, where the caller asked for them.
    """

    columns: tuple[Col, ...]
    rows: Flow
    tables: Mapping[TableName, Table | None]
    named: tuple[Base, ...]
    functions: tuple[str, ...]
    gaps: tuple[Gap, ...]
    ways: Ways | None = None


def flow(
    query: exp.Expression,
    catalogue: Catalogue,
    *,
    unknown: Literal["gap", "open"] = "gap",
    namespace: str = "",
    max_work: int = MAX_WORK,
    ways: Ways | None = None,
) -> FlowResult:
    """Follows every column through `query` (a SELECT, a set operation, VALUES).

    `unknown` says what a table outside the catalogue is: a gap, or open, with the columns that the query names.
    `namespace` names the source in the datasets of such tables. With `ways` the marks also tell which functions a
    value passed.
    """
    analysis = Analysis(catalogue, unknown=unknown, namespace=namespace, max_work=max_work, ways=ways)
    columns: tuple[Col, ...] = ()
    rows: Flow = {}
    try:
        relation: Relation = Queries(analysis).query(query, None, None)
        columns, rows = tuple(relation.all()), relation.rows
        _account(query, analysis)
    except (BudgetSpentError, RecursionError):
        analysis.gap("too_large", "the query")
    called = tuple(name for view in analysis.views_parsed for name in functions(view))
    return FlowResult(columns, rows, analysis.tables, tuple(analysis.named), called, analysis.gaps, ways)


def _account(query: exp.Expression, analysis: Analysis) -> None:
    """Every table and column node must have been visited: what was stepped over is a gap, not an absence."""
    seen = analysis.seen
    for tree in (query, *analysis.views_parsed):
        # Hints name tables and read none; where somebody would run them they are stepped over, and so a gap.
        for node in tree.walk(prune=lambda one: analysis.unknown == "open" and isinstance(one, exp.Hint)):
            if isinstance(node, (exp.Table, exp.Column)) and id(node) not in seen:
                what = ".".join(part.name for part in node.parts)
                analysis.gap("unsupported_syntax", f"the place of the {type(node).__name__.lower()} `{what}`")


def uses(result: FlowResult) -> tuple[ColumnUse, ...]:
    """Each base column with every way in which it acts, sorted.

    A column that the statement names but whose value ends inside (in a subquery that is not read) counts as output.
    """
    total: dict[Base, int] = {}
    for column in result.columns:
        merge(total, column.flow, 0)
    merge(total, result.rows, 0)
    for base in result.named:
        total.setdefault(base, IDENTITY)
    ways: dict[tuple[TableName, str], int] = {}
    for base, mark in total.items():
        key = (base.table, base.column)
        ways[key] = ways.get(key, 0) | mark
    return tuple(
        ColumnUse(table=table, column=column, uses=tuple(use for bits, use in USES if mark & bits))
        for (table, column), mark in sorted(ways.items())
    )
