"""Minimum group size: only aggregates leave, and only over groups of at least `k` rows of one protected table.

What is proved is a shape, and every other shape is refused:

    rows        a base table, or plain columns of `rows`, filtered
    released    aggregates of one `rows`, with HAVING count(*) >= k woven in; or anything over `released` alone

No join under an aggregate (a row met twice would count twice), no CASE or FILTER inside one (it would pick a row out
of a large group), no aggregate that shows a value of one row (min, max, lists), no condition that can fail on a
value. An aggregate of a column counts that column's own values, since NULLs take no part in it.

Two answers whose groups differ by fewer rows than that are told apart by what `differencing.py` asks beside them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlglot import exp

from guard.policy.enforce.deny import denied
from guard.policy.enforce.differencing import Asked, asked
from guard.policy.enforce.failing import can_fail
from guard.policy.enforce.names import quoted
from guard.policy.enforce.relations import Reference

_AGGREGATES: Final = (
    exp.Count, exp.Sum, exp.Avg, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop,
)  # fmt: skip
# Fine as group keys although they are not in the list of what cannot fail: date parts of a date column.
_KEYS: Final = (exp.TimestampTrunc, exp.DateTrunc, exp.Extract, exp.Year, exp.Month, exp.Quarter)
_ROW_BREAKERS: Final = ("group", "having", "distinct", "limit", "offset", "qualify", "windows", "joins", "laterals")

_CURE: Final = "ask for count, sum, avg or a deviation of plain columns of one table, grouped by plain columns"


def hold_groups(
    tree: exp.Expr, found: Iterable[Reference], size: int, dialect: str
) -> tuple[exp.Expr, tuple[Asked, ...]]:
    """`tree` with the bound woven in, changed in place, and what each query with a bound asks.

    Raises:
        AccessDeniedError: the bound cannot be proved for this shape.
    """
    keeper = _Keeper({id(reference.node): reference for reference in found}, size, dialect)
    keeper.released(tree)
    return tree, tuple(keeper.asked)


class _Keeper:
    def __init__(self, found: dict[int, Reference], size: int, dialect: str) -> None:
        self._found = found
        self._size = size
        self._dialect = dialect
        self._ctes: dict[int, str] = {}
        self.asked: list[Asked] = []

    def released(self, query: exp.Expr) -> None:
        """Refuses unless the result of `query` may be shown."""
        if self._kind(query) != "released":
            raise self._refuse("shows single rows")

    def _kind(self, node: exp.Expr | None) -> str:
        """`released` or `rows`; weaves the bound into aggregates on the way."""
        match node:
            case exp.Subquery():
                return self._kind(node.this)
            case exp.SetOperation():
                self.released(node.left)
                self.released(node.right)
                return "released"
            case exp.Values() | exp.Unnest():
                self._inner_queries(node)
                return "released"
            case exp.Select():
                return self._select(node)
            case exp.Table():
                return self._table(node)
            case exp.Lateral():
                raise self._refuse("uses LATERAL")
        raise self._refuse("has a shape that guard cannot judge")

    def _table(self, node: exp.Table) -> str:
        reference = self._found[id(node)]
        if reference.is_function:
            return "released"
        if reference.cte is None:
            if node.args.get("joins"):
                raise self._refuse("joins tables before it aggregates")
            return "rows"
        known = self._ctes.get(id(reference.cte))
        if known is None:
            self._ctes[id(reference.cte)] = "open"
            known = self._ctes[id(reference.cte)] = self._kind(reference.cte.this)
        if known == "open":
            raise self._refuse("is recursive")
        return known

    def _select(self, select: exp.Select) -> str:
        source = select.args.get("from_")
        joins = [join.this for join in select.args.get("joins") or ()]
        kinds = [self._kind(each) for each in ([source.this] if source else []) + joins]
        if "rows" not in kinds:
            self._inner_queries(select)
            return "released"
        if len(kinds) > 1:
            raise self._refuse("joins tables before it aggregates")
        self._rows_condition(select.args.get("where"))
        if self._plain(select):
            return "rows"
        self._aggregate(select)
        return "released"

    def _plain(self, select: exp.Select) -> bool:
        """Plain columns of single rows."""
        if any(select.args.get(part) for part in _ROW_BREAKERS):
            return False
        return all(isinstance(each.unalias(), exp.Column | exp.Star) for each in select.expressions)

    def _aggregate(self, select: exp.Select) -> None:
        if select.args.get("qualify") or next(select.find_all(exp.Window, exp.Anonymous), None) is not None:
            raise self._refuse("uses window functions or functions whose effect on groups is not known")
        keys = self._group_keys(select.args.get("group"))
        outputs = [each.unalias() for each in select.expressions]
        if not keys and not all(any(each.find_all(exp.AggFunc)) for each in outputs):
            raise self._refuse("shows single rows")
        having = select.args.get("having")
        if not _of_groups(select, outputs):
            raise self._refuse("shows a column that is neither grouped by nor aggregated")
        if having is not None and self._fails(having):
            raise self._refuse("has a HAVING that can fail on a value")
        self._inner_queries(select)
        self.asked.append(asked(select, self._found))
        for place in (*select.expressions, having, select.args.get("order")):
            if place is not None:
                self._guard_aggregates(place)
        bound = exp.GTE(this=exp.Count(this=exp.Star(), big_int=True), expression=exp.Literal.number(self._size))
        both = bound if having is None else exp.And(this=bound, expression=exp.Paren(this=having.this))
        select.set("having", exp.Having(this=both))

    def _group_keys(self, group: exp.Group | None) -> bool:
        if group is None:
            return False
        if any(group.args.get(part) for part in ("grouping_sets", "rollup", "cube", "totals")):
            raise self._refuse("uses grouping sets, whose differences show small groups")
        for each in group.expressions:
            core = each.this if isinstance(each, _KEYS) and not isinstance(each, exp.Extract) else each
            core = each.expression if isinstance(each, exp.Extract) else core
            if self._fails(core):
                raise self._refuse("groups by an expression that can fail on a value")
        return True

    def _guard_aggregates(self, place: exp.Expr) -> None:
        for aggregate in list(place.find_all(exp.AggFunc)):
            argument = aggregate.this
            if isinstance(argument, exp.Distinct) and len(argument.expressions) == 1:
                argument = argument.expressions[0]
            counted = isinstance(aggregate, exp.Count) and isinstance(argument, exp.Star | None)
            if not isinstance(aggregate, _AGGREGATES) or isinstance(aggregate.parent, exp.Filter | exp.WithinGroup):
                raise self._refuse(f"uses `{_name(aggregate)}` in a way that shows single rows")
            if counted:
                continue
            if not isinstance(argument, exp.Column):
                raise self._refuse("aggregates an expression, which could pick single rows")
            self._replace(aggregate, argument)

    def _replace(self, aggregate: exp.Expr, argument: exp.Column) -> None:
        """`sum(x)` becomes `CASE WHEN count(x) >= k THEN sum(x) END`, under its old name."""
        counted = exp.Count(this=argument.copy(), big_int=True)
        enough = exp.GTE(this=counted, expression=exp.Literal.number(self._size))
        guarded: exp.Expr = exp.Case(ifs=[exp.If(this=enough, true=aggregate.copy())])
        if isinstance(aggregate.parent, exp.Select):
            guarded = exp.Alias(this=guarded, alias=quoted(_name(aggregate)))
        elif not isinstance(aggregate.parent, exp.Alias | exp.Ordered):
            guarded = exp.Paren(this=guarded)
        aggregate.replace(guarded)

    def _rows_condition(self, where: exp.Where | None) -> None:
        if where is None:
            return
        self._inner_queries(where)
        if self._fails(where):
            raise self._refuse("filters single rows by a condition that can fail on a value")

    def _fails(self, node: exp.Expr) -> bool:
        return can_fail(node, (), "sqlite" if self._dialect == "sqlite" else "postgres")

    def _inner_queries(self, place: exp.Expr) -> None:
        """Queries inside expressions must be releasable by themselves: EXISTS on one person is one person's answer."""
        sources = {id(place.args["from_"].this)} if place.args.get("from_") else set()
        sources |= {id(join.this) for join in place.args.get("joins") or ()}
        for query in place.find_all(exp.Query):
            if (
                query is place
                or id(query) in sources
                or query.find_ancestor(exp.CTE) is not place.find_ancestor(exp.CTE)
            ):
                continue
            if any(id(parent) in sources for parent in _ancestors(query, place)):
                continue
            outer = query.find_ancestor(exp.Query)
            if outer is place or not isinstance(place, exp.Query):
                self.released(query)

    def _refuse(self, what: str) -> Exception:
        return denied(f"a minimum group of {self._size} rows is required, and the statement {what}", _CURE)


def _of_groups(select: exp.Select, outputs: list[exp.Expr]) -> bool:
    """Whether every column outside of an aggregate belongs to a group key.

    SQLite takes any other column, and shows the value of one row of the group.
    """
    named = {each.alias.lower(): each.this for each in select.expressions if isinstance(each, exp.Alias)}
    keys: list[exp.Expr] = []
    for key in select.args["group"].expressions if select.args.get("group") else []:
        keys.append(key)
        if isinstance(key, exp.Literal) and key.is_int and 0 < int(key.name) <= len(outputs):
            keys.append(outputs[int(key.name) - 1])
        elif isinstance(key, exp.Column) and key.name.lower() in named:
            keys.append(named[key.name.lower()])
    spelt = {_unqualified(key) for key in keys}

    def holds(node: exp.Expr, names: frozenset[str]) -> bool:
        if isinstance(node, exp.AggFunc | exp.Query) or _unqualified(node) in spelt:
            return True
        if isinstance(node, exp.Column):
            return not node.table and node.name.lower() in names
        return all(holds(child, names) for child in node.iter_expressions())

    places = [part for name in ("having", "order") if (part := select.args.get(name)) is not None]
    return all(holds(output, frozenset()) for output in outputs) and all(
        holds(place, frozenset(named)) for place in places
    )


def _unqualified(node: exp.Expr) -> str:
    if isinstance(node, exp.Column):
        return node.name.lower()
    return node.sql(comments=False).lower() if not node.find(exp.Column) else _without_tables(node)


def _without_tables(node: exp.Expr) -> str:
    copy = node.copy()
    for column in copy.find_all(exp.Column):
        column.set("table", None)
    return copy.sql(comments=False).lower()


def _name(call: exp.Expr) -> str:
    return call.sql_name().lower() if isinstance(call, exp.Func) else call.key


def _ancestors(node: exp.Expr, until: exp.Expr) -> Iterable[exp.Expr]:
    parent = node.parent
    while parent is not None and parent is not until:
        yield parent
        parent = parent.parent
