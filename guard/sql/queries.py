"""The columns and rows of a query: SELECT, set operations, VALUES, and the WITH clause around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from guard.sql.analysis import Analysis
from guard.sql.ctes import Cte, Ctes, open_with
from guard.sql.expressions import Expressions
from guard.sql.marks import BY_FILTER, BY_GROUP, BY_SORT, KEEP, NOTHING, TRANSFORM, Base, Flow, merge, union
from guard.sql.relations import Anything, Col, Derived, Relation
from guard.sql.scopes import Clause, Scope, starred
from guard.sql.sources import Sources

_UNDERSTOOD = frozenset(
    {
        "with_", "kind", "expressions", "hint", "distinct", "from_", "operation_modifiers", "laterals", "joins",
        "where", "prewhere", "group", "having", "qualify", "windows", "distribute", "sort", "cluster", "order", "limit",
        "offset", "sample", "connect", "this", "expression", "by_name", "side", "alias",
    }
)  # fmt: skip
# How a query is run or printed, not what it answers.
_ABOUT_THE_RUN = frozenset({"format", "options", "settings"})
# These name an unnamed result after its text.
_NAMED_AS_WRITTEN = frozenset({"duckdb", "sqlite", "mysql"})
# Recursive queries reach their fixpoint after as many rounds as there are columns in a chain of them.
_MAX_ROUNDS = 64


class Queries:
    """Evaluates queries for one analysis; each returns the relation that the query is."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.expressions = Expressions(analysis, self)
        self.sources = Sources(analysis, self)

    def query(self, node: exp.Expr, parent: Scope | None, ctes: Ctes | None) -> Relation:
        """The relation of a query; `parent` is the scope that it may refer to from inside."""
        self.analysis.spend(1)
        clause = node.args.get("with_")
        if isinstance(clause, exp.With):
            entries, ctes = open_with(clause, ctes, parent, self.analysis)
            for entry in entries:
                self.cte(entry)
        if isinstance(node, exp.Select):
            return self._select(node, parent, ctes)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, parent, ctes)
        if isinstance(node, exp.Subquery):
            return self._subquery(node, parent, ctes)
        if isinstance(node, exp.Values):
            return self.values(node, parent, ctes)
        if isinstance(node, exp.Pivot) and node.args.get("this") is not None:
            return self._pivot(node, parent, ctes)
        self.analysis.gap("unsupported_syntax", f"`{type(node).__name__}` as a query")
        return Anything(NOTHING)

    def _pivot(self, node: exp.Pivot, parent: Scope | None, ctes: Ctes | None) -> Relation:
        """DuckDB's statement `PIVOT t ON a USING sum(b)`."""
        scope = Scope(parent, ctes)
        self.sources.add(node.this, scope, {})
        if len(scope.sources) != 1:
            self.analysis.gap("unsupported_syntax", "`PIVOT` of several tables")
            return Anything(NOTHING)
        return self.sources.pivots.apply(node, scope.sources[0], scope)

    def cte(self, entry: Cte) -> Relation:
        """The relation of a common table expression, evaluated once; a recursive one until nothing is added."""
        if entry.evaluating:
            entry.recursive = True
            if entry.relation is None:
                entry.relation = self._seed(entry)
            return entry.relation
        if entry.relation is not None:
            return entry.relation
        entry.evaluating = True
        for _ in range(_MAX_ROUNDS):
            relation = self._named(entry, self.query(entry.node.this, entry.parent, entry.around))
            settled = entry.relation is not None and _same(entry.relation, relation)
            entry.relation = relation
            if settled or not entry.recursive:
                break
        else:
            self.analysis.gap("too_large", f"the recursion of `{entry.key}`")
        entry.evaluating = False
        return relation

    def _seed(self, entry: Cte) -> Relation:
        """What a recursive expression is before its first step: its left-most arm."""
        body: Any = entry.node.this
        while isinstance(body, (exp.SetOperation, exp.Subquery)):
            body = body.this
        if body is entry.node.this:
            self.analysis.gap("unsupported_syntax", f"the recursion of `{entry.key}`")
            return Anything(NOTHING)
        entry.relation = Derived((), NOTHING)  # the first arm must not refer to the expression itself
        return self._named(entry, self.query(body, entry.parent, entry.around))

    def _named(self, entry: Cte, relation: Relation) -> Relation:
        return self.sources.renamed(relation, entry.columns) if entry.columns else relation

    def _subquery(self, node: exp.Subquery, parent: Scope | None, ctes: Ctes | None) -> Relation:
        inner = node.this
        if isinstance(inner, (exp.Query, exp.Values)):
            relation = self.query(inner, parent, ctes)
        else:  # a join in parentheses
            scope = Scope(parent, ctes)
            rows: dict[Base, int] = {}
            self.sources.add(inner, scope, rows)
            columns, opens = starred(exp.Star(), scope, self.analysis)
            relation = Derived(columns, rows, opens)
        return self._modified(node, relation, parent, ctes)

    def _modified(self, node: exp.Expr, relation: Relation, parent: Scope | None, ctes: Ctes | None) -> Relation:
        """ORDER BY and LIMIT of a set operation or a query in parentheses: they see its columns only."""
        self._refuse_unknown(node)
        if not any(node.args.get(part) for part in ("order", "limit", "offset", "where", "group")):
            return relation
        scope = Scope(parent, ctes)
        scope.aliases = {column.key: column.flow for column in relation.all()}
        rows: dict[Base, int] = dict(relation.rows)
        self._order_and_limit(node, scope, relation.all(), rows)
        if node.args.get("where") or node.args.get("group"):
            self.analysis.gap("unsupported_syntax", "a filter on a query in parentheses")
        return Derived(relation.all(), rows, _opens(relation))

    def _select(self, node: exp.Select, parent: Scope | None, ctes: Ctes | None) -> Relation:
        self._refuse_unknown(node)
        scope = Scope(parent, ctes)
        rows: dict[Base, int] = {}
        source = node.args.get("from_")
        if source is not None:
            self.sources.add(source.this, scope, rows)
        for join in node.args.get("joins") or ():
            self.sources.join(join, scope, rows)
        for lateral in node.args.get("laterals") or ():
            self.sources.add(lateral, scope, rows)
        of = self.analysis.names.of
        for window in node.args.get("windows") or ():
            if isinstance(window.this, exp.Identifier):
                scope.windows[of(window.this)] = window
        columns, opens = self._projections(node, scope)
        self._clauses(node, scope, columns, rows)
        return Derived(columns, rows, opens, self._duplicate)

    def _duplicate(self, key: str) -> None:
        if self.analysis.dialect == "postgres":
            self.analysis.gap("ambiguous_column", key)

    def _projections(self, node: exp.Select, scope: Scope) -> tuple[list[Col], list[Relation]]:
        columns: list[Col] = []
        opens: list[Relation] = []
        for projection in node.expressions:
            value = projection.this if type(projection) is exp.Alias else projection
            if type(value) is exp.Star or (type(value) is exp.Column and type(value.this) is exp.Star):
                found, open_sources = self.star(value, scope)
                columns += found
                opens += open_sources
                self.analysis.spend(len(found))
                continue
            if type(value) is exp.Columns:
                found, open_sources = self.star(value.this if type(value.this) is exp.Star else exp.Star(), scope)
                columns += found
                opens += open_sources
                for part in value.find_all(exp.Column):
                    self.analysis.seen.add(id(part))
                continue
            column = self._projection(projection, scope)
            if type(value) is exp.QueryTransform and isinstance(value.args.get("schema"), exp.Schema):
                named = [
                    one.this if isinstance(one, exp.ColumnDef) else one for one in value.args["schema"].expressions
                ]
                columns += [Col(one.name, self.analysis.names.of(one), column.flow) for one in named]
                continue
            columns.append(column)
            if type(projection) is exp.Alias:
                scope.aliases.setdefault(column.key, column.flow)
            elif type(projection) is exp.Aliases:
                columns[-1:] = [
                    Col(name.name, self.analysis.names.of(name), column.flow) for name in projection.expressions[1:]
                ]
        return columns, opens

    def _projection(self, projection: exp.Expr, scope: Scope) -> Col:
        flow = self.expressions.flow(projection.this if type(projection) is exp.Aliases else projection, scope)
        of = self.analysis.names.of
        if type(projection) is exp.Alias and isinstance(projection.args.get("alias"), exp.Identifier):
            alias = projection.args["alias"]
            return Col(alias.name, of(alias), flow)
        value = projection
        while isinstance(value, exp.Paren):
            value = value.this
        while isinstance(value, (exp.Cast, exp.TryCast)) and self.analysis.dialect not in _NAMED_AS_WRITTEN:
            value = value.this  # a cast is named after its column
        if isinstance(value, exp.Dot) and isinstance(value.expression, exp.Identifier):
            return Col(value.expression.name, of(value.expression), flow)
        if type(value) is exp.Column and isinstance(value.this, exp.Identifier):
            return Col(value.this.name, of(value.this), flow)
        name = _function_name(value)
        return Col(name, self.analysis.names.stored(name), flow)

    def star(self, star: exp.Expr, scope: Scope) -> tuple[list[Col], list[Relation]]:
        """`*`, `t.*`, with EXCEPT, REPLACE and RENAME (DuckDB, BigQuery, Snowflake)."""
        self.analysis.seen.add(id(star))
        columns, opens = starred(star, scope, self.analysis)  # type: ignore[arg-type]  # Expr and Expression are one here
        options = star.this if type(star) is exp.Column else star
        of = self.analysis.names.of
        dropped = {of(name) for name in map(self._option_name, options.args.get("except_") or ()) if name is not None}
        replaced: dict[str, Flow] = {}
        for alias in options.args.get("replace") or ():
            replaced[of(alias.args["alias"])] = self.expressions.flow(alias, scope)
        renamed: dict[str, exp.Identifier] = {}
        for alias in options.args.get("rename") or ():
            name = self._option_name(alias.this)
            if name is not None:
                renamed[of(name)] = alias.args["alias"]
        result: list[Col] = []
        for column in columns:
            if column.key in dropped:
                continue
            flow = replaced.get(column.key, column.flow)
            name = renamed.get(column.key)
            result.append(Col(name.name, of(name), flow) if name is not None else Col(column.name, column.key, flow))
        return result, opens

    def _option_name(self, node: Any) -> exp.Identifier | None:
        self.analysis.seen.add(id(node))
        name = node.this if isinstance(node, exp.Column) else node
        if isinstance(name, exp.Identifier):
            return name
        self.analysis.gap("unsupported_syntax", "a star with an option that is not a name")
        return None

    def _clauses(self, node: exp.Select, scope: Scope, columns: Sequence[Col], rows: dict[Base, int]) -> None:
        args = node.args
        for part in ("where", "prewhere", "connect"):
            self._clause(args.get(part), "where", BY_FILTER, scope, rows)
        group = args.get("group")
        if group is not None:
            self._group(node, group, scope, columns, rows)
        self._clause(args.get("having"), "having", BY_FILTER, scope, rows)
        self._clause(args.get("qualify"), "having", BY_FILTER, scope, rows)
        distinct = args.get("distinct")
        if distinct is not None:
            if distinct.args.get("on") is not None:
                scope.clause = "order"
                self._terms(distinct.args["on"], scope, columns, BY_GROUP, rows)
            else:
                for column in columns:
                    merge(rows, column.flow, BY_GROUP)
        self._order_and_limit(node, scope, columns, rows)

    def _clause(self, node: Any, clause: Clause, effect: int, scope: Scope, rows: dict[Base, int]) -> None:
        if node is not None:
            scope.clause = clause
            for child in node.iter_expressions():
                self.expressions.gather(child, scope, effect, rows)

    def _group(
        self, node: exp.Select, group: exp.Group, scope: Scope, columns: Sequence[Col], rows: dict[Base, int]
    ) -> None:
        scope.clause = "group"
        if group.args.get("all"):  # GROUP BY ALL: every projection without an aggregate
            for column, bare in _values(node, columns):
                outside = _outside_aggregates(bare) if bare is not None else None
                if outside is None:
                    merge(rows, column.flow, BY_GROUP)
                for part in outside or ():
                    self.expressions.gather(part, scope, BY_GROUP, rows)
        for term in group.iter_expressions():
            self._terms(term, scope, columns, BY_GROUP, rows)

    def _order_and_limit(self, node: exp.Expr, scope: Scope, columns: Sequence[Col], rows: dict[Base, int]) -> None:
        scope.clause = "order"
        for part in ("order", "sort", "distribute", "cluster"):
            order = node.args.get(part)
            for term in order.expressions if order is not None else ():
                self._terms(term, scope, columns, BY_SORT, rows)
        for part in ("limit", "offset"):
            self._clause(node.args.get(part), "where", BY_FILTER, scope, rows)

    def _terms(self, term: Any, scope: Scope, columns: Sequence[Col], effect: int, rows: dict[Base, int]) -> None:
        """A term of GROUP BY or ORDER BY: a position, `ALL`, an alias, or an expression."""
        bare = term
        while isinstance(bare, (exp.Ordered, exp.Paren)):
            bare = bare.this
        if isinstance(bare, exp.Literal) and bare.is_int:
            position = int(bare.name)
            if 1 <= position <= len(columns) and all(column.key != "*" for column in columns[:position]):
                merge(rows, columns[position - 1].flow, effect)
            else:
                for column in columns:
                    merge(rows, column.flow, effect)
        elif isinstance(bare, exp.Var) and bare.name.upper() == "ALL":
            for column in columns:
                merge(rows, column.flow, effect)
        elif isinstance(bare, (exp.Tuple, exp.GroupingSets, exp.Cube, exp.Rollup)):
            for part in bare.expressions:
                self._terms(part, scope, columns, effect, rows)
        elif isinstance(bare, exp.Column) or scope.clause != "order":
            self.expressions.gather(bare, scope, effect, rows)
        else:
            # Inside an expression a column comes before an alias, except where only aliases exist.
            scope.clause = "group"
            self.expressions.gather(bare, scope, effect, rows)
            scope.clause = "order"

    def _set_operation(self, node: exp.SetOperation, parent: Scope | None, ctes: Ctes | None) -> Relation:
        """The arms of a chain of UNION, EXCEPT, INTERSECT; the left spine is walked, not recursed."""
        spine: list[exp.SetOperation] = []
        left: exp.Expr = node
        while isinstance(left, exp.SetOperation) and (left is node or not left.args.get("with_")):
            spine.append(left)
            left = left.this
        relation = self.query(left, parent, ctes)
        names = list(relation.all())
        flows: list[dict[Base, int]] = [dict(column.flow) for column in names]
        rows: dict[Base, int] = dict(relation.rows)
        opens = list(_opens(relation))
        for operation in reversed(spine):
            right = self.query(operation.expression, parent, ctes)
            self._combine(operation, names, flows, right, rows)
            opens += _opens(right)
            if operation is not node and any(operation.args.get(part) for part in ("order", "limit", "offset")):
                scope = Scope(parent, ctes)
                scope.aliases = {column.key: flow for column, flow in zip(names, flows, strict=True)}
                self._order_and_limit(operation, scope, _columns(names, flows), rows)
        return self._modified(node, Derived(_columns(names, flows), rows, opens), parent, ctes)

    def _combine(
        self,
        operation: exp.SetOperation,
        names: list[Col],
        flows: list[dict[Base, int]],
        right: Relation,
        rows: dict[Base, int],
    ) -> None:
        self._refuse_unknown(operation)
        columns = right.all()
        self.analysis.spend(len(columns))
        subtracts = isinstance(operation, exp.Except)
        if operation.args.get("by_name"):
            at = {column.key: position for position, column in enumerate(names)}
            for column in columns:
                if column.key not in at:
                    at[column.key] = len(names)
                    names.append(column)
                    flows.append({})
                if not subtracts:
                    merge(flows[at[column.key]], column.flow, KEEP)
        elif len(columns) != len(names):
            if all(column.key != "*" for column in (*columns, *names)):
                self.analysis.gap("unsupported_syntax", "a set operation over different numbers of columns")
            everything = union([column.flow for column in columns]) if columns else NOTHING
            for flow in flows:
                merge(flow, everything, TRANSFORM)
        elif not subtracts:
            for flow, column in zip(flows, columns, strict=True):
                merge(flow, column.flow, KEEP)
        merge(rows, right.rows, KEEP)
        compares = not isinstance(operation, exp.Union)
        if compares or operation.args.get("distinct"):
            effect = BY_FILTER if compares else BY_GROUP
            for column in (*_columns(names, flows), *columns):
                merge(rows, column.flow, effect)

    def values(self, node: exp.Values, parent: Scope | None, ctes: Ctes | None) -> Relation:
        """VALUES: each column may come from every row."""
        scope = Scope(parent, ctes)
        flows: list[dict[Base, int]] = []
        for line in node.expressions:
            cells = line.expressions if isinstance(line, exp.Tuple) else [line]
            while len(flows) < len(cells):
                flows.append({})
            for flow, cell in zip(flows, cells, strict=False):
                merge(flow, self.expressions.flow(cell, scope), KEEP)
        first = 0 if self.analysis.dialect == "duckdb" else 1
        word = "col" if self.analysis.dialect == "duckdb" else "column"
        relation = Derived(
            [Col(f"{word}{i + first}", f"{word}{i + first}", flow) for i, flow in enumerate(flows)], NOTHING
        )
        return self._modified(node, relation, parent, ctes)

    def _refuse_unknown(self, node: exp.Expr) -> None:
        for name, value in node.args.items():
            if self.analysis.unknown == "open" and name in _ABOUT_THE_RUN:
                continue
            if value and name not in _UNDERSTOOD:
                self.analysis.gap("unsupported_syntax", f"`{name.rstrip('_').upper()}`")


_AGGREGATES = (exp.AggFunc, exp.Filter, exp.WithinGroup)


def _columns(names: Sequence[Col], flows: Sequence[Flow]) -> list[Col]:
    return [Col(column.name, column.key, flow) for column, flow in zip(names, flows, strict=True)]


def _values(node: exp.Select, columns: Sequence[Col]) -> list[tuple[Col, exp.Expr | None]]:
    """Each column with its expression; without, where a star stands for several columns."""
    if len(node.expressions) != len(columns) or node.is_star:
        return [(column, None) for column in columns]
    return list(zip(columns, node.expressions, strict=True))


def _outside_aggregates(value: exp.Expr) -> list[exp.Column] | None:
    """The columns of `a + sum(b)` by which GROUP BY ALL groups (`a`); None where the value holds no aggregate."""
    found: list[exp.Column] = []
    aggregates = False
    for node in value.walk(prune=lambda one: isinstance(one, (*_AGGREGATES, exp.Query))):
        aggregates = aggregates or isinstance(node, _AGGREGATES)
        if isinstance(node, exp.Column):
            found.append(node)
    return found if aggregates else None


def _opens(relation: Relation) -> Sequence[Relation]:
    if isinstance(relation, Derived):
        return relation.opens
    return (relation,) if relation.open else ()


def _same(one: Relation, other: Relation) -> bool:
    return one.rows == other.rows and [c.flow for c in one.all()] == [c.flow for c in other.all()]


def _function_name(value: exp.Expr) -> str:
    """The name that engines give to an unnamed result, where it is the function's."""
    if isinstance(value, exp.Anonymous):
        return str(value.this).lower()
    if isinstance(value, exp.Window):
        return _function_name(value.this)
    if isinstance(value, exp.Case):
        return "case"
    return value.sql_name().lower() if isinstance(value, exp.Func) else ""
