"""What flows through a scalar expression, in one pass without recursion (only queries inside it recurse)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from guard.sql.marks import (
    AFTER,
    APPLY,
    BY_CONDITION,
    BY_FILTER,
    BY_SORT,
    BY_WINDOW,
    KEEP,
    LOW,
    SUMMARY,
    TRANSFORM,
    VALUE,
    WAYS_FROM,
    Base,
    Flow,
    merge,
    unnamed,
)
from guard.sql.scopes import Scope, resolve, starred
from guard.sql.structs import picked
from guard.sql.ways import step

if TYPE_CHECKING:
    from guard.sql.analysis import Analysis
    from guard.sql.queries import Queries

# Aggregates that tell about many values; all others may return one of the values they read.
_SUMMARIES = frozenset(
    {
        exp.ApproxDistinct, exp.Avg, exp.Corr, exp.Count, exp.CountIf, exp.CovarPop, exp.CovarSamp, exp.Hll,
        exp.Kurtosis,
        exp.LogicalAnd, exp.LogicalOr, exp.RegrAvgx, exp.RegrAvgy, exp.RegrCount, exp.RegrIntercept, exp.RegrR2,
        exp.RegrSlope, exp.RegrSxx, exp.RegrSxy, exp.RegrSyy, exp.Skewness, exp.Stddev, exp.StddevPop, exp.StddevSamp,
        exp.Sum, exp.Variance, exp.VariancePop,
    }
)  # fmt: skip
# Aggregates in sqlglot's tree that only make sense over a window and pass a value or a position on.
_POSITIONAL = frozenset(
    {
        exp.CumeDist, exp.DenseRank, exp.FirstValue, exp.Lag, exp.LastValue, exp.Lead, exp.NthValue, exp.Ntile,
        exp.PercentRank, exp.Rank,
    }
)  # fmt: skip
_LEAVES = frozenset(
    {
        exp.Literal, exp.Boolean, exp.Null, exp.Placeholder, exp.Parameter, exp.SessionParameter, exp.Var, exp.DataType,
        exp.JSONPath, exp.National, exp.RawString, exp.UnicodeString, exp.HexString, exp.BitString, exp.ByteString,
        exp.Heredoc, exp.WindowSpec, exp.DataTypeParam,
    }
)  # fmt: skip
_SAME_VALUE = frozenset({exp.Paren, exp.Alias, exp.Distinct, exp.Ordered})
_FIELDS = frozenset({exp.Dot, exp.Bracket, exp.StructExtract})
# Aggregates over their own argument, which WITHIN GROUP only sorts.
_LISTS = (exp.ArrayAgg, exp.GroupConcat)
# Functions in sqlglot's tree that are operators.
_OPERATORS = (exp.And, exp.Or, exp.Xor)
_QUERIES = (exp.Query, exp.Values)
_UNKNOWN = (exp.Operator, exp.Command, exp.Table, exp.Pivot, exp.MatchRecognize, exp.DML, exp.DDL)


class Expressions:
    """Follows scalar expressions for one analysis."""

    def __init__(self, analysis: Analysis, queries: Queries) -> None:
        self._analysis = analysis
        self._queries = queries

    def flow(self, expression: exp.Expr, scope: Scope) -> Flow:
        """What flows into the value of `expression`; a bare column passes its own flow on."""
        while isinstance(expression, (exp.Alias, exp.Paren)):
            expression = expression.this
        if type(expression) is exp.Column:
            return self._column(expression, scope)
        into: dict[Base, int] = {}
        self.gather(expression, scope, KEEP, into)
        return into

    def gather(self, root: exp.Expr, scope: Scope, effect: int, into: dict[Base, int]) -> None:
        """Adds to `into` what flows from `root` through `effect`."""
        stack: list[tuple[Any, int, Scope]] = [(root, effect, scope)]
        work = 0
        ways = self._analysis.ways
        while stack:
            node, by, inside = stack.pop()
            work += 1
            kind = type(node)
            if kind is exp.Column:
                flow = self._column(node, inside)
                work += len(flow)
                merge(into, flow, by)
            elif kind in _LEAVES:
                continue
            elif kind in _SAME_VALUE:
                stack.extend(
                    (child, by, inside) for child in node.iter_expressions() if type(child) is not exp.Identifier
                )
            elif kind in _FIELDS and ways is not None and (field := picked(node)) is not None:
                for other in field.others:
                    self.gather(other, inside, KEEP, {})
                stack.append((field.value, AFTER[by][TRANSFORM], inside))
            elif (special := _SPECIAL.get(kind)) is not None:
                special(self, node, by, inside, stack, into)
            elif by <= SUMMARY and ways is not None and isinstance(node, exp.Func) and not isinstance(node, _OPERATORS):
                self._step(node, by, inside, into)
            elif isinstance(node, exp.AggFunc):
                self._aggregate(node, by, inside, stack, into)
            elif isinstance(node, _QUERIES):
                self._query(node, by, inside, stack, into)
            elif isinstance(node, _UNKNOWN):
                self._analysis.gap("unsupported_syntax", f"`{kind.__name__}` in an expression")
            else:
                inner = AFTER[by][TRANSFORM]
                stack.extend((child, inner, inside) for child in node.iter_expressions())
        self._analysis.spend(work)

    def _column(self, node: exp.Column, scope: Scope) -> Flow:
        analysis = self._analysis
        analysis.seen.add(id(node))
        flow = resolve(node, scope, analysis)
        if analysis.view_depth == 0:
            for base, mark in flow.items():
                if mark & 15:
                    analysis.named[base] = None
        return flow

    def _aggregate(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        inner = AFTER[by][_effect(node)]
        stack.extend((child, inner, scope) for child in _arguments(node))

    def _step(self, node: Any, by: int, scope: Scope, into: dict[Base, int]) -> None:
        """A call whose name is kept; nested calls recurse, as deep as the limits let parentheses nest."""
        ways = self._analysis.ways
        if ways is None:
            return
        inside: dict[Base, int] = {}
        for child in _arguments(node):
            self.gather(child, scope, KEEP, inside)
        effect = _effect(node) if isinstance(node, exp.AggFunc) else TRANSFORM
        over = isinstance(node, exp.AggFunc) and isinstance(_outer(node), exp.Window)
        name = f"{step(node)} over" if over else step(node)
        applied = APPLY[AFTER[by][effect]]
        for base, mark in inside.items():
            taken = 0
            if mark > LOW:
                taken = ways.after(mark, name, aggregates=effect >= VALUE)
                if by != KEEP:
                    taken = unnamed(taken >> WAYS_FROM) << WAYS_FROM
            into[base] = into.get(base, 0) | applied[mark & LOW] | taken

    def _window(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        stack.append((node.this, by, scope))
        aside = AFTER[by][BY_WINDOW]
        stack.extend((part, aside, scope) for part in node.args.get("partition_by") or [])
        stack.extend(
            (part, aside, scope) for part in (node.args.get("order"), node.args.get("spec")) if part is not None
        )
        name = node.args.get("alias")
        if name is not None:
            self._named_window(name, aside, scope, stack, set())

    def _named_window(self, name: Any, aside: int, scope: Scope, stack: list[Any], seen: set[str]) -> None:
        """The partition and order of `OVER w`, also where `w` is built on another window."""
        key = self._analysis.names.of(name)
        definition = scope.windows.get(key)
        if definition is None or key in seen:
            self._analysis.gap("unsupported_syntax", f"the window `{key}`")
            return
        stack.extend((part, aside, scope) for part in definition.args.get("partition_by") or [])
        stack.extend(
            (part, aside, scope) for part in (definition.args.get("order"), definition.args.get("spec")) if part
        )
        if definition.args.get("alias") is not None:
            self._named_window(definition.args["alias"], aside, scope, stack, {*seen, key})

    def _case(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        inner = AFTER[by][TRANSFORM]
        if node.this is not None:
            stack.append((node.this, AFTER[by][BY_CONDITION], scope))
        stack.extend((branch, by, scope) for branch in node.args.get("ifs") or [])
        if node.args.get("default") is not None:
            stack.append((node.args["default"], inner, scope))

    def _if(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        inner = AFTER[by][TRANSFORM]
        stack.append((node.this, AFTER[by][BY_CONDITION], scope))
        stack.extend((node.args[part], inner, scope) for part in ("true", "false") if node.args.get(part) is not None)

    def _decode(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        """`DECODE(x, search, result, ..., default)`: what is compared decides, the results are values."""
        first, *rest = node.expressions
        stack.append((first, AFTER[by][BY_CONDITION], scope))
        for at, part in enumerate(rest):
            compared = at % 2 == 0 and at < len(rest) - 1
            stack.append((part, AFTER[by][BY_CONDITION] if compared else AFTER[by][TRANSFORM], scope))

    def _script(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        """Hive's `TRANSFORM (a, b) USING 'script' AS (x, y)`: the names behind AS are those of the result."""
        stack.extend((part, AFTER[by][TRANSFORM], scope) for part in node.expressions)

    def _filter(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        stack.append((node.this, by, scope))
        stack.append((node.expression.this, AFTER[by][BY_FILTER], scope))

    def _order(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        """ORDER BY inside an aggregate sorts; in WITHIN GROUP it holds the aggregated value itself."""
        if node.this is not None:
            stack.append((node.this, by, scope))
        within = isinstance(node.parent, exp.WithinGroup) and not isinstance(node.parent.this, _LISTS)
        aside = AFTER[by][VALUE] if within else AFTER[by][BY_SORT]
        stack.extend((part, aside, scope) for part in node.expressions)

    def _within_group(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        stack.append((node.this, by, scope))
        stack.append((node.expression, by, scope))

    def _exists(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:
        if isinstance(node.this, _QUERIES):
            relation = self._queries.query(node.this, scope, scope.ctes)
            merge(into, relation.rows, by)
        else:
            stack.append((node.this, AFTER[by][TRANSFORM], scope))

    def _query(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        relation = self._queries.query(node, scope, scope.ctes)
        for column in relation.all():
            merge(into, column.flow, by)
        merge(into, relation.rows, by)

    def _lambda(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        """The parameters stand for elements of the other arguments, which the call itself already counts."""
        inner = Scope(scope, scope.ctes)
        of = self._analysis.names.of
        inner.locals = {of(name): {} for name in node.expressions if isinstance(name, exp.Identifier)}
        stack.append((node.this, AFTER[by][TRANSFORM], inner))

    def _comprehension(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        inner = Scope(scope, scope.ctes)
        of = self._analysis.names.of
        names = [node.args.get("expression"), node.args.get("position")]
        inner.locals = {of(_identifier(name)): {} for name in names if _identifier(name) is not None}
        for name in names:
            if isinstance(name, exp.Column):
                self._analysis.seen.add(id(name))
        stack.append((node.this, AFTER[by][TRANSFORM], inner))
        stack.append((node.args["iterator"], AFTER[by][TRANSFORM], scope))
        if node.args.get("condition") is not None:
            stack.append((node.args["condition"], AFTER[by][BY_CONDITION], inner))

    def _identifier(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        """A bare name: a lambda's parameter, or a column that sqlglot did not call one (`name.upper()`)."""
        column = exp.Column(this=node.copy())
        merge(into, self._column(column, scope), AFTER[by][TRANSFORM])

    def _dot(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:
        """`(row).field`, `value.method()`, `schema.function()`."""
        left, right = node.this, node.expression
        inner = AFTER[by][TRANSFORM]
        if isinstance(right, exp.Identifier):
            owner = left.this if isinstance(left, exp.Paren) else left
            if type(owner) is exp.Column and owner.args.get("table") is None and isinstance(owner.this, exp.Identifier):
                flow = self._row_field(owner, right, scope)
                if flow is not None:
                    merge(into, flow, by)
                    return
            stack.append((left, inner, scope))
            return
        if isinstance(right, exp.Star):
            stack.append((left, inner, scope))
            return
        if isinstance(left, exp.Identifier) and isinstance(right, exp.Func) and self._analysis.dialect != "duckdb":
            left = None  # a schema
        stack.extend((part, inner, scope) for part in (left, right) if part is not None)

    def _row_field(self, owner: exp.Column, field: exp.Identifier, scope: Scope) -> Flow | None:
        """`(c).ssn` where `c` is a source and not a column: exactly that column."""
        of = self._analysis.names.of
        key = of(owner.this)
        for around in scope.chain():
            if any(source.relation.known(key) is not None for source in around.sources):
                return None
        for around in scope.chain():
            for source in around.sources:
                if source.key == key and (flow := source.relation.known(of(field))) is not None:
                    self._analysis.seen.add(id(owner))
                    for base in flow:
                        self._analysis.named[base] = None
                    return flow
        return None

    def _star(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        columns, _ = starred(exp.Star(), scope, self._analysis)
        for column in columns:
            merge(into, column.flow, AFTER[by][TRANSFORM])

    def _columns(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:
        """DuckDB's COLUMNS(...): a pattern or a lambda may pick any column, so all of them count."""
        for part in node.find_all(exp.Column):
            self._analysis.seen.add(id(part))
        self._star(node, by, scope, stack, into)

    def _collate(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        """`name COLLATE "C"`: the right side names a collation, not a column."""
        stack.append((node.this, AFTER[by][TRANSFORM], scope))
        for part in node.expression.find_all(exp.Column):
            self._analysis.seen.add(id(part))

    def _in(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        """`x IN y`: a list in DuckDB, but in SQLite a table, even where a column has its name."""
        if node.args.get("field") is not None and self._analysis.dialect == "sqlite":
            self._analysis.gap("unsupported_syntax", "`IN` with a bare name")
        inner = AFTER[by][TRANSFORM]
        stack.extend((child, inner, scope) for child in node.iter_expressions())

    def _property(self, node: Any, by: int, scope: Scope, stack: list[Any], into: dict[Base, int]) -> None:  # noqa: ARG002
        """`{'key': value}` and `name := value`: a bare name on the left is a key."""
        stack.append((node.expression, AFTER[by][TRANSFORM], scope))
        if not isinstance(node.this, exp.Identifier):
            stack.append((node.this, AFTER[by][TRANSFORM], scope))


def _effect(node: exp.Expr) -> int:
    """What an aggregate does to a value."""
    kind = type(node)
    if kind in _SUMMARIES:
        # Over a window the frame may be one row, and the sum of one row is its value.
        return VALUE if isinstance(_outer(node), exp.Window) else SUMMARY
    return TRANSFORM if kind in _POSITIONAL else VALUE


def _arguments(node: exp.Expr) -> Iterator[Any]:
    """The parts of a call that are values; `count(*)` reads none."""
    return (child for child in node.iter_expressions() if not (type(node) is exp.Count and type(child) is exp.Star))


def _outer(node: exp.Expr) -> exp.Expr | None:
    """The first node around `node` that is more than a modifier of its aggregate."""
    parent = node.parent
    while isinstance(parent, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)):
        parent = parent.parent
    return parent


def _identifier(name: Any) -> Any:
    return name.this if isinstance(name, exp.Column) else name


_SPECIAL: dict[type[Any], Any] = {
    exp.Window: Expressions._window,  # noqa: SLF001 - the table of this class's own methods
    exp.Case: Expressions._case,  # noqa: SLF001
    exp.If: Expressions._if,  # noqa: SLF001
    exp.Nvl2: Expressions._if,  # noqa: SLF001
    exp.DecodeCase: Expressions._decode,  # noqa: SLF001
    exp.QueryTransform: Expressions._script,  # noqa: SLF001
    exp.Filter: Expressions._filter,  # noqa: SLF001
    exp.Order: Expressions._order,  # noqa: SLF001
    exp.WithinGroup: Expressions._within_group,  # noqa: SLF001
    exp.Exists: Expressions._exists,  # noqa: SLF001
    exp.Lambda: Expressions._lambda,  # noqa: SLF001
    exp.Comprehension: Expressions._comprehension,  # noqa: SLF001
    exp.Identifier: Expressions._identifier,  # noqa: SLF001
    exp.Dot: Expressions._dot,  # noqa: SLF001
    exp.Star: Expressions._star,  # noqa: SLF001
    exp.Columns: Expressions._columns,  # noqa: SLF001
    exp.Collate: Expressions._collate,  # noqa: SLF001
    exp.In: Expressions._in,  # noqa: SLF001
    exp.PropertyEQ: Expressions._property,  # noqa: SLF001
    exp.Kwarg: Expressions._property,  # noqa: SLF001
}
