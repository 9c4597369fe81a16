"""Expressions of a subquery that is grouped by the person: aggregates of the person's own rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from guard.anonymize.dp.sql.expression import strange_part
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.scalar import Scalars
from guard.anonymize.dp.sql.value import Val, literal

if TYPE_CHECKING:
    from guard.anonymize.dp.sql.scope import Scoped

MOST_COUNT: Final = 2**31  # rows of one unit that a count inside tells apart


class Inner(Scalars):
    """Expressions of a subquery that is grouped by the unit: keys, aggregates of the unit's own rows, arithmetic."""

    def __init__(self, names: Scoped, dialect: str, keys: set[str], most: int) -> None:
        super().__init__(names, dialect)
        self._keys = keys
        self._most = min(most, MOST_COUNT)
        self._below = Scalars(names, dialect)

    def value(self, node: exp.Expr) -> Val:
        if isinstance(node, exp.AggFunc):
            return self._aggregate(node)
        if isinstance(node, exp.Column):
            value = self._below.value(node)
            if value.sql not in self._keys:
                raise Refusal(
                    "dp-inner-group",
                    f"`{node.name}` is neither grouped nor aggregated",
                    help="add it to GROUP BY",
                    node=node,
                )
            return value
        if not isinstance(node, exp.Literal | exp.Boolean | exp.Null) and not has_aggregates(node):
            value = self._below.value(node)
            if value.sql in self._keys:
                return value
        return super().value(node)

    def _aggregate(self, node: exp.AggFunc) -> Val:
        most = self._most
        if strange_part(node):
            raise Refusal("dp-aggregate", "an aggregate with an option", help="write it without", node=node)
        if isinstance(node, exp.Count):
            inner = node.this
            if isinstance(inner, exp.Distinct):
                raise Refusal(
                    "dp-inner-group",
                    "COUNT(DISTINCT) in a subquery",
                    help="use SELECT DISTINCT one level deeper",
                    node=node,
                )
            counted = "*" if inner is None or isinstance(inner, exp.Star) else self._below.value(inner).sql
            count = f"count({counted})"
            sql = f"CASE WHEN {count} > {most} THEN {literal(most)} ELSE CAST({count} AS BIGINT) END"
            return Val("number", sql, 0, most, bounded=True, integer=True, wide=True)
        if (
            type(node) not in (exp.Sum, exp.Min, exp.Max)
            or isinstance(node.this, exp.Distinct)
            or node.args.get("expressions")
        ):
            raise Refusal(
                "dp-inner-group",
                f"`{node.sql_name().lower()}` in a subquery",
                help="use COUNT, SUM, MIN or MAX there",
                node=node,
            )
        value = self._below.fixed(node.this)
        if not isinstance(node, exp.Sum):
            name = "min" if isinstance(node, exp.Min) else "max"
            return replace(value, sql=f"{name}({value.sql})", constant=False, value=None, domain=None)
        if not value.bounded:
            raise Refusal(
                "dp-bounds", "a sum of a column without a declared range", help="declare `low` and `high`", node=node
            )
        low, high = min(0, value.low * most), max(0, value.high * most)
        made = replace(value, low=low, high=high, constant=False, value=None, domain=None)
        self._checked(made, node)
        if self._dialect == "sqlite" and max(abs(value.low), abs(value.high)) * MOST_COUNT > 2**62:
            raise Refusal("dp-range", "a sum may become too large for SQLite", help="declare a wider `step`", node=node)
        total = f"sum({value.sql})"
        sql = (
            f"CASE WHEN {total} < {low} THEN {literal(low)} WHEN {total} > {high} THEN {literal(high)}"
            f" ELSE CAST({total} AS BIGINT) END"
        )
        # PostgreSQL adds 64-bit numbers up as numeric, whose `/` does not cut.
        exact = value.integer and not (value.wide and self._dialect == "postgres")
        return replace(made, sql=sql, integer=exact, wide=True)


def has_aggregates(node: exp.Expr) -> bool:
    return any(isinstance(each, exp.AggFunc) for each in node.walk())
