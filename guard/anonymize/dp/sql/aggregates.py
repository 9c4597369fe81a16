"""The aggregates of a statement: which function of what argument each is, and which measures they follow from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from sqlglot import exp

from guard.anonymize.dp.sql.expression import strange_part
from guard.anonymize.dp.sql.measure import Measure
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.scalar import Scalars
from guard.anonymize.dp.sql.scope import Scoped
from guard.anonymize.dp.sql.value import Val, number

MAX_AGGREGATES = 64
MAX_HISTOGRAM = 1 << 16  # values of a quantile's domain
# Computed outside of the database, so that an engine which lacks them can be asked for them all the same.
COMPUTED_HERE: Final = frozenset(
    {"variance", "variance_pop", "stddev", "stddev_pop", "stddev_samp", "median", "percentile_cont", "percentile_disc"}
)
# Aggregates that sqlglot reads as calls of somebody's function. SQLite's TOTAL is 0.0 over nothing, as SUM is here.
_CALLED: Final[dict[str, type[exp.Expr]]] = {"mean": exp.Avg, "total": exp.Sum}
_SPREADS: Final[dict[type[exp.Expr], str]] = {
    exp.Variance: "var_samp",
    exp.VariancePop: "var_pop",
    exp.Stddev: "stddev_samp",
    exp.StddevSamp: "stddev_samp",
    exp.StddevPop: "stddev_pop",
}


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate of the statement: which measure it is computed from, and how.

    `integer` tells the type that the engine would give it, for `/` in what is computed from it.
    """

    function: str
    measure: int
    quantile: Fraction = Fraction(0)
    integer: bool = False


class Aggregates:
    """Reads aggregate after aggregate; equal ones are wanted once."""

    def __init__(self, names: Scoped, dialect: str, units: Sequence[str]) -> None:
        self._names = names
        self._dialect = dialect
        self._units = units
        self.wanted: list[tuple[str, Val | None, Fraction, bool]] = []  # function, argument, quantile, integer

    def called(self, node: exp.Expr) -> type[exp.Expr] | None:
        """The aggregate that a call is by another name."""
        return _CALLED.get(str(node.this).lower()) if isinstance(node, exp.Anonymous) else None

    def place(self, node: exp.Expr) -> int:
        """The place of an aggregate among the different ones that the statement asks for."""
        condition: str | None = None
        call: exp.Expr = node
        if isinstance(call, exp.Filter):
            condition = Scalars(self._names, self._dialect).condition(call.expression.this)
            call = call.this
        function, value, quantile, integer = self._read(call)
        if condition is not None:
            value = number(Fraction(1)) if value is None else value
            sql = f"CASE WHEN {condition} THEN {value.sql} END"
            value = replace(value, sql=sql, constant=False, value=None, unit=value.unit, leaf=None)
        wanted = (function, value, quantile, integer)
        if wanted not in self.wanted:
            if len(self.wanted) >= MAX_AGGREGATES:
                raise Refusal(
                    "dp-too-large", "too many aggregates", help=f"ask for at most {MAX_AGGREGATES}", node=node
                )
            self.wanted.append(wanted)
        return self.wanted.index(wanted)

    def _read(self, call: exp.Expr) -> tuple[str, Val | None, Fraction, bool]:
        """The function of an aggregate, its argument on its grid, the quantile, and whether SQL counts it as whole."""
        scalars = Scalars(self._names, self._dialect)
        if strange_part(call):
            raise Refusal("dp-aggregate", "an aggregate with an option", help="write it without", node=call)
        if isinstance(call, exp.Count):
            return self._read_count(call, scalars)
        if isinstance(call, exp.CountIf):
            sql = f"CASE WHEN {scalars.condition(call.this)} THEN CAST(1 AS BIGINT) END"
            return "count", Val("number", sql, 1, 1, bounded=True, integer=True), Fraction(0), True
        kind = type(call)
        if isinstance(call, exp.WithinGroup | exp.Median | exp.PercentileCont | exp.PercentileDisc | exp.Quantile):
            return self._read_quantile(call, scalars)
        argument = call.args.get("this")
        other = self.called(call)
        if other is not None and len(call.expressions) == 1:
            kind, argument = other, call.expressions[0]
        known = kind in (exp.Sum, exp.Avg, exp.Min, exp.Max) or kind in _SPREADS
        if (
            not known
            or not isinstance(argument, exp.Expr)
            or isinstance(argument, exp.Distinct)
            or (kind in (exp.Min, exp.Max) and call.expressions)
        ):
            name = call.sql_name().lower() if isinstance(call, exp.Func) else call.key
            raise Refusal(
                "dp-aggregate",
                f"`{name}` of this form has no private answer",
                help="use COUNT, COUNT(DISTINCT x), SUM, AVG, VARIANCE, STDDEV, MIN, MAX, MEDIAN or PERCENTILE",
                node=call,
            )
        value = scalars.fixed(argument)
        self._check_bounded(value, argument)
        if kind in _SPREADS:
            return _SPREADS[kind], value, Fraction(0), False
        if kind in (exp.Min, exp.Max):
            return self._quantile(value, Fraction(0 if kind is exp.Min else 1), argument)
        if kind is exp.Sum:
            whole = value.integer and other is None and not (value.wide and self._dialect == "postgres")
            return "sum", value, Fraction(0), whole
        return "avg", value, Fraction(0), False

    def _read_count(self, call: exp.Count, scalars: Scalars) -> tuple[str, Val | None, Fraction, bool]:
        inner = call.this
        if inner is None or isinstance(inner, exp.Star | exp.Literal):
            return "count", None, Fraction(0), True
        if isinstance(inner, exp.Distinct):
            if len(inner.expressions) != 1:
                raise Refusal("dp-aggregate", "COUNT(DISTINCT) of several columns", help="count one column", node=call)
            value = scalars.value(inner.expressions[0])
            if value.sql in self._units:
                return "units", None, Fraction(0), True
            return "distinct", value, Fraction(0), True
        if call.expressions:
            raise Refusal("dp-aggregate", "COUNT of several columns", help="count one column", node=call)
        value = scalars.value(inner)
        return "count", value, Fraction(0), True

    def _read_quantile(self, call: exp.Expr, scalars: Scalars) -> tuple[str, Val | None, Fraction, bool]:
        if isinstance(call, exp.Median):
            share, argument = Fraction(1, 2), call.this
        elif isinstance(call, exp.WithinGroup):
            inner, order = call.this, call.expression
            ordered = order.expressions[0] if isinstance(order, exp.Order) and len(order.expressions) == 1 else None
            if (
                not isinstance(inner, exp.PercentileCont | exp.PercentileDisc)
                or ordered is None
                or ordered.args.get("desc")
            ):
                raise Refusal(
                    "dp-aggregate",
                    "an aggregate WITHIN GROUP",
                    help="use PERCENTILE_CONT(p) WITHIN GROUP (ORDER BY x)",
                    node=call,
                )
            share, argument = self._share(inner.this), ordered.this
        else:
            share, argument = self._share(call.args.get("expression") or call.args.get("quantile")), call.this
        value = scalars.fixed(argument)
        self._check_bounded(value, argument)
        return self._quantile(value, share, argument)

    def _share(self, node: exp.Expr | None) -> Fraction:
        if not isinstance(node, exp.Literal) or node.is_string:
            raise Refusal("dp-aggregate", "a quantile needs a literal between 0 and 1", help="write 0.5", node=node)
        share = Fraction(str(node.this))
        if not 0 <= share <= 1 or share.denominator > 10_000:
            raise Refusal("dp-aggregate", "a quantile needs a literal between 0 and 1", help="write 0.5", node=node)
        return share

    def _quantile(self, value: Val, share: Fraction, node: exp.Expr) -> tuple[str, Val, Fraction, bool]:
        if value.high - value.low >= MAX_HISTOGRAM:
            raise Refusal(
                "dp-range",
                "a quantile needs a coarser grid",
                help="let the owner declare a wider `step` or a narrower range",
                node=node,
            )
        return "quantile", value, share, value.integer

    def _check_bounded(self, value: Val, node: exp.Expr) -> None:
        if not value.bounded:
            raise Refusal(
                "dp-bounds",
                "the range of what is aggregated is not declared",
                help="write LEAST(GREATEST(x, low), high), or let the owner declare `low` and `high` of its columns",
                node=node,
            )

    def measures(self) -> tuple[tuple[Measure, ...], tuple[Aggregate, ...]]:
        """The fewest measures from which every aggregate follows, in an order that does not depend on the text."""
        made: dict[tuple[str, str, Fraction], Measure] = {}
        chosen: list[tuple[str, str, Fraction]] = []
        summed = {value.sql for function, value, _, _ in self.wanted if value is not None and function == "sum"}
        paired = summed | {
            value.sql for function, value, _, _ in self.wanted if value is not None and function == "avg"
        }
        for function, value, share, _ in self.wanted:
            measure = self._measure(function, value, share, summed, paired)
            made.setdefault(measure.key, measure)
            chosen.append(measure.key)
        ordered = sorted(made)
        aggregates = tuple(
            Aggregate(function, ordered.index(key), quantile, integer)
            for (function, _, quantile, integer), key in zip(self.wanted, chosen, strict=True)
        )
        return tuple(made[key] for key in ordered), aggregates

    def _measure(
        self, function: str, value: Val | None, share: Fraction, summed: set[str], paired: set[str]
    ) -> Measure:
        if function == "units":
            return Measure("units", value)
        if function == "distinct":
            return Measure("distinct", value)
        if value is None:
            return Measure("rows")
        if function == "count":
            if value.sql in paired and value.kind == "number" and value.leaf is None:
                return self._pair(value, summed)
            return Measure("present", value)
        if function == "quantile":
            return Measure("histogram", value, value.low, value.high, share)
        if function in ("sum", "avg"):
            return self._pair(value, summed)
        return Measure("moments", value, value.low, value.high)

    def _pair(self, value: Val, summed: set[str]) -> Measure:
        """With a SUM the ends include 0, so that a row more or less changes it by its value and not by the range."""
        if value.sql in summed:
            return Measure("pair", value, min(value.low, 0), max(value.high, 0))
        return Measure("pair", value, value.low, value.high)
