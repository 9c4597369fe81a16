"""PIVOT and UNPIVOT: values become columns, and columns become values.

`t PIVOT (sum(a) FOR b IN ('x', 'y'))` is `SELECT rest, sum(CASE WHEN b = 'x' THEN a END), ... FROM t GROUP BY rest`:
the rest is every column that neither the aggregates nor FOR name, and `b` decides what goes into each new column.
`t UNPIVOT (v FOR n IN (a, b))` is a UNION ALL of `SELECT rest, 'a', a` and `SELECT rest, 'b', b`.
Where the values are not written down (`ANY`, a query, DuckDB's `ON b`), nobody knows the new columns: a gap, and each
may hold any of the aggregates.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from guard.sql.marks import BY_CONDITION, BY_FILTER, BY_GROUP, KEEP, Base, Flow, merge
from guard.sql.relations import Anything, Col, Derived, Relation
from guard.sql.scopes import Scope, Source

if TYPE_CHECKING:
    from guard.sql.analysis import Analysis
    from guard.sql.queries import Queries

MAX_NEW = 10_000  # columns that one PIVOT makes
_VALUES_FIRST = frozenset({"bigquery", "tsql"})  # before the column with the names


class Pivots:
    """Applies PIVOT and UNPIVOT to relations, for one analysis."""

    def __init__(self, analysis: Analysis, queries: Queries) -> None:
        self._analysis = analysis
        self._queries = queries

    def apply(self, pivot: exp.Pivot, source: Source, scope: Scope) -> Relation:
        """What `source` becomes; `scope` is where the pivot stands."""
        inside = Scope(scope.parent, scope.ctes)
        inside.sources.append(source)
        relation = self._unpivot(pivot, inside) if pivot.args.get("unpivot") else self._pivot(pivot, inside)
        alias = pivot.args.get("alias")
        names = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
        return self._queries.sources.renamed(relation, names) if names else relation

    # --- values to columns --------------------------------------------------------------------------------

    def _pivot(self, pivot: exp.Pivot, scope: Scope) -> Relation:
        analysis = self._analysis
        source = scope.sources[0].relation
        aggregates, axes = _parts(pivot)
        rows: dict[Base, int] = dict(source.rows)
        side: dict[Base, int] = {}  # what decides which value goes where
        used: set[str] = set()
        static = bool(axes)
        for axis in axes:
            values = _values(axis)
            static = static and values is not None
            over = axis.this if isinstance(axis, exp.In) else axis
            used |= self._keys(over)
            self._queries.expressions.gather(over, scope, BY_CONDITION, side)
            self._look(axis, scope, side)
        flows = []
        for aggregate in aggregates:
            used |= self._keys(aggregate)
            flow: dict[Base, int] = {}
            self._queries.expressions.gather(aggregate, scope, KEEP, flow)
            merge(flow, side, KEEP)
            flows.append(flow)
        flows = flows or [side]  # DuckDB counts rows where nothing is said
        group = pivot.args.get("group")
        if group is not None:
            kept = [self._kept(term, scope) for term in group.expressions]
        else:
            kept = [column for column in source.all() if column.key not in used]
        for column in kept:
            merge(rows, column.flow, BY_GROUP)
        opens = [source] if source.open and group is None else []
        if not static:
            analysis.gap("unsupported_syntax", "`PIVOT` over values that the query does not name")
            anything: dict[Base, int] = {}
            for flow in flows:
                merge(anything, flow, KEEP)
            return Derived([*kept, Col("*", "*", anything)], rows, [Anything(anything), *opens])
        return self._widened(pivot, aggregates, axes, kept, flows, Derived([], rows, opens))

    def _widened(
        self,
        pivot: exp.Pivot,
        aggregates: Sequence[Any],
        axes: Sequence[Any],
        kept: Sequence[Col],
        flows: Sequence[Flow],
        shape: Derived,
    ) -> Relation:
        names = [_label(value) for value in product(*(_values(axis) or () for axis in axes))]
        written = pivot.args.get("columns") or []
        if len(names) * len(flows) > MAX_NEW:
            self._analysis.gap("too_large", f"`PIVOT` into more than {MAX_NEW} columns")
            return Anything({}, shape.rows)
        if len(written) == len(names) * len(flows):
            cells = [self._new(one, one.name, flow) for one, flow in zip(written, [*flows] * len(names), strict=True)]
        else:
            several = len(aggregates) > 1 and pivot.args.get("pivot_column_naming") != "agg_name_if_aliased"
            words = [_named(one, several=several) for one in aggregates] or [""]
            cells = [
                self._new(None, f"{name}_{word}" if word else name, flow)
                for name in names
                for word, flow in zip(words, flows, strict=True)
            ]
        aliases = pivot.args["alias"].args.get("columns") if isinstance(pivot.args.get("alias"), exp.TableAlias) else ()
        if shape.opens and aliases and len(aliases) >= len(cells):
            # The last names are those of the new columns, whatever stands before them.
            before = len(aliases) - len(cells)
            first = [Col("*", "*", column.flow) for column in kept if column.key == "*"][:1]
            cells = [*(first[0] if first else Col("*", "*", {}) for _ in range(before)), *cells]
            return Derived(cells, shape.rows)
        return Derived([*kept, *cells], shape.rows, shape.opens)

    def _new(self, identifier: Any, name: str, flow: Flow) -> Col:
        names = self._analysis.names
        key = names.of(identifier) if isinstance(identifier, exp.Identifier) else names.stored(name)
        return Col(name, key, flow)

    def _kept(self, term: Any, scope: Scope) -> Col:
        return self._new(
            term.this if isinstance(term, exp.Column) else None,
            term.name,
            self._queries.expressions.flow(term, scope),
        )

    def _keys(self, expression: Any) -> set[str]:
        return {self._analysis.names.of(column.this) for column in expression.find_all(exp.Column) if column.this}

    def _look(self, axis: Any, scope: Scope, side: dict[Base, int]) -> None:
        """The list of IN: a query in it decides too; a name in brackets is a value (SQL Server)."""
        for value in axis.expressions if isinstance(axis, exp.In) else ():
            query = value.this if isinstance(value, exp.Subquery) else value
            if isinstance(query, exp.Query):
                self._queries.expressions.gather(query, scope, BY_CONDITION, side)
            else:
                self._account(value)
        if isinstance(axis, exp.In) and axis.args.get("query") is not None:
            self._queries.expressions.gather(axis.args["query"], scope, BY_CONDITION, side)

    # --- columns to values --------------------------------------------------------------------------------

    def _unpivot(self, pivot: exp.Pivot, scope: Scope) -> Relation:
        source = scope.sources[0].relation
        into = pivot.args.get("into")
        fields = [one for one in pivot.args.get("fields") or () if isinstance(one, exp.In)]
        if into is not None:
            name, values, sets = into.this, list(into.expressions), list(pivot.expressions)
        elif len(fields) == 1:
            name, values, sets = fields[0].this, list(pivot.expressions), list(fields[0].expressions)
        else:  # DuckDB without INTO
            name, values, sets = None, [], list(pivot.expressions)
        values = [one for value in values for one in (value.expressions if isinstance(value, exp.Tuple) else [value])]
        used: set[str] = set()
        flows: list[dict[Base, int]] = [{} for _ in values or (None,)]
        for cells in self._sets(sets, scope, source):
            if len(cells) != len(flows):
                self._analysis.gap("unsupported_syntax", "`UNPIVOT` of columns that do not fit its values")
            for flow, (keys, one) in zip(flows, cells, strict=False):
                used |= keys
                merge(flow, one, KEEP)
        rows: dict[Base, int] = dict(source.rows)
        if not pivot.args.get("include_nulls"):
            for flow in flows:
                merge(rows, flow, BY_FILTER)
        kept = [column for column in source.all() if column.key not in used]
        columns = [self._target(value, "value", flow) for value, flow in zip(values or [None], flows, strict=True)]
        names = [self._target(name, "name", {})]
        first = self._analysis.dialect in _VALUES_FIRST
        new = [*columns, *names] if first else [*names, *columns]
        return Derived([*kept, *new], rows, [source] if source.open else [])

    def _sets(self, sets: Sequence[Any], scope: Scope, source: Relation) -> list[list[tuple[set[str], Flow]]]:
        """The columns that become values, a list for each row that is made: their keys and what flows out of them."""
        found: list[list[tuple[set[str], Flow]]] = []
        for entry in sets:
            item = entry.this if isinstance(entry, (exp.Alias, exp.PivotAlias)) else entry
            if isinstance(item, (exp.Columns, exp.Star)):
                star = item if isinstance(item, exp.Star) else item.this
                columns, _ = self._queries.star(star if isinstance(star, exp.Star) else exp.Star(), scope)
                self._account(item)
                if source.open or not isinstance(star, exp.Star):
                    self._analysis.gap("unsupported_syntax", "`UNPIVOT` of columns that are not named")
                found += [[({column.key}, column.flow)] for column in columns]
                continue
            cells = item.expressions if isinstance(item, exp.Tuple) else [item]
            found.append([(self._keys(cell), self._queries.expressions.flow(cell, scope)) for cell in cells])
        return found

    def _target(self, node: Any, name: str, flow: Flow) -> Col:
        """A column that UNPIVOT names."""
        if node is None:
            return self._new(None, name, flow)
        self._account(node)
        return self._new(node.this if isinstance(node, exp.Column) else node, node.name, flow)

    def _account(self, node: Any) -> None:
        self._analysis.seen.update(id(column) for column in node.find_all(exp.Column))


def _parts(pivot: exp.Pivot) -> tuple[list[Any], list[Any]]:
    """The aggregates, and the columns whose values become columns: `FOR a IN (...)`, or DuckDB's `ON a`."""
    if pivot.args.get("fields"):
        return list(pivot.expressions), list(pivot.args["fields"])
    using = pivot.args.get("using")
    return list(using) if isinstance(using, list) else [], list(pivot.expressions)


def _values(axis: Any) -> list[str] | None:
    """The names of the values of an axis; None where they are not written down."""
    if not isinstance(axis, exp.In) or axis.args.get("query") is not None:
        return None
    names = []
    for value in axis.expressions:
        if isinstance(value, (exp.PivotAny, exp.Query)):
            return None
        if isinstance(value, (exp.Alias, exp.PivotAlias)):
            names.append(value.args["alias"].name)
        elif isinstance(value, exp.Tuple):
            names.append("_".join(part.name for part in value.expressions))
        else:
            names.append(value.name)
    return names


def _label(values: Sequence[str]) -> str:
    return "_".join(values)


def _named(aggregate: Any, *, several: bool) -> str:
    """What an aggregate adds to the name of a value."""
    if isinstance(aggregate, exp.Alias):
        return aggregate.alias
    return aggregate.sql().lower() if several else ""
