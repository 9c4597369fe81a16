"""Arithmetic with the range of its results: nothing overflows, nothing is divided by what may be zero."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Final

from sqlglot import exp

from guard.anonymize.dp.sql import dialects
from guard.anonymize.dp.sql.expression import MAX_DOMAIN, or_null, strange_part
from guard.anonymize.dp.sql.logic import Logic
from guard.anonymize.dp.sql.metadata import ColumnBounds
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.value import Val, common, literal, number

_WHOLE_QUOTIENT: Final = {"duckdb": "//", "spark": "DIV"}  # elsewhere `/` of whole numbers is one


class Arithmetic(Logic):
    """Compiles sums, products, quotients and extremes."""

    def sum(self, node: exp.Add | exp.Sub) -> Val:
        if isinstance(node.expression, exp.Interval):
            return self.moved(node, node.expression)
        left, right = self.fixed(node.this), self.fixed(node.expression)
        integer, bounded = left.integer and right.integer, left.bounded and right.bounded
        if left.constant and right.constant:
            assert isinstance(left.value, Fraction)
            assert isinstance(right.value, Fraction)
            return number(left.value + right.value if isinstance(node, exp.Add) else left.value - right.value)
        left, right = common(left, right)
        if isinstance(node, exp.Add):
            low, high = left.low + right.low, left.high + right.high
            first, second = sorted((left.sql, right.sql))
            sql = f"({first} + {second})"
        else:
            low, high, sql = left.low - right.high, left.high - right.low, f"({left.sql} - {right.sql})"
        for part in (left, right):
            self._checked(part, node)
        made = Val("number", sql, low, high, left.scale, bounded=bounded, integer=integer, wide=left.wide or right.wide)
        return self._checked(made, node)

    def product(self, node: exp.Mul) -> Val:
        left, right = self.fixed(node.this), self.fixed(node.expression)
        if left.constant and right.constant:
            assert isinstance(left.value, Fraction)
            assert isinstance(right.value, Fraction)
            return number(left.value * right.value)
        ends = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
        first, second = sorted((left.sql, right.sql))
        made = Val(
            "number",
            f"({first} * {second})",
            min(ends),
            max(ends),
            left.scale * right.scale,
            bounded=left.bounded and right.bounded,
            integer=left.integer and right.integer,
            wide=left.wide or right.wide,
        )
        return self._checked(made, node)

    def quotient(self, node: exp.Div | exp.IntDiv) -> Val:
        left, right = self.fixed(node.this), self.fixed(node.expression)
        if not (right.constant and isinstance(right.value, Fraction)):
            raise Refusal(
                "dp-division",
                "a row is divided by a value that may be zero",
                help="divide aggregates instead (SUM(a) / SUM(b)), or multiply by a literal",
                node=node,
            )
        if right.value == 0:
            return Val("null", "NULL", constant=True, domain=(None,))
        cut = isinstance(node, exp.IntDiv)
        if cut and not (left.integer and right.integer):
            raise Refusal("dp-division", "a whole quotient of no whole numbers", help="take it of those", node=node)
        if not (cut or (node.args.get("typed") and left.integer and right.integer)):
            scale = left.scale / abs(right.value)
            made = replace(left, scale=scale, integer=False, constant=False, value=None, domain=None)
            return made if right.value > 0 else self._negated(made)
        steps = right.low
        ends = [_truncated(left.low, steps), _truncated(left.high, steps)]
        return replace(
            left,
            sql=f"({left.sql} {_WHOLE_QUOTIENT.get(self._dialect, '/')} {right.sql})",
            low=min(ends),
            high=max(ends),
            constant=False,
            value=None,
            domain=None,
        )

    def remainder(self, node: exp.Mod) -> Val:
        left, right = self.fixed(node.this), self.fixed(node.expression)
        if not (right.constant and left.integer and right.integer and right.low > 0):
            raise Refusal(
                "dp-division",
                "a remainder is taken by what may be zero, or of no whole number",
                help="take it of whole numbers, by a literal above 0",
                node=node,
            )
        # The sign is that of the dividend, in every engine.
        low = max(left.low, 1 - right.low) if left.low < 0 else 0
        high = min(left.high, right.low - 1) if left.high > 0 else 0
        domain = tuple(Fraction(each) for each in range(low, high + 1)) if high - low < MAX_DOMAIN else None
        sql = f"({left.sql} % {right.sql})"
        return Val("number", sql, low, high, bounded=True, integer=True, domain=or_null(domain))

    def minus(self, node: exp.Neg) -> Val:
        inner = self.fixed(node.this)
        if inner.constant and isinstance(inner.value, Fraction):
            return number(-inner.value)
        return self._negated(inner)

    def _negated(self, inner: Val) -> Val:
        return replace(inner, sql=f"(- {inner.sql})", low=-inner.high, high=-inner.low, domain=None)

    def absolute(self, node: exp.Abs) -> Val:
        inner = self.fixed(node.this)
        low = 0 if inner.low <= 0 <= inner.high else min(abs(inner.low), abs(inner.high))
        return replace(
            inner,
            sql=f"abs({inner.sql})",
            low=low,
            high=max(abs(inner.low), abs(inner.high)),
            constant=False,
            domain=None,
        )

    def extreme(self, node: exp.Greatest | exp.Least) -> Val:
        own = self._own_bounds(node)
        if own is not None:
            return own
        values = [self.fixed(each) for each in (node.this, *node.expressions)]
        made = values[0]
        for value in values[1:]:
            made = self._extreme(made, value, node)
        return made

    def _own_bounds(self, node: exp.Greatest | exp.Least) -> Val | None:
        """`LEAST(GREATEST(column, low), high)`: the analyst's own bounds of a whole number that has none declared."""
        inner, other = node.this, exp.Greatest if isinstance(node, exp.Least) else exp.Least
        if type(inner) is not other or strange_part(inner) or len(node.expressions) != 1 or len(inner.expressions) != 1:
            return None
        value = self.value(inner.this)
        first, last = self.value(inner.expressions[0]), self.value(node.expressions[0])
        leaf = value.leaf
        if leaf is None or not value.integer or (leaf.bounds is not None and leaf.bounds.interval is not None):
            return None
        if not (first.constant and first.integer and last.constant and last.integer):
            return None
        low, high = (first.low, last.low) if isinstance(node, exp.Least) else (last.low, first.low)
        if low >= high:
            return None
        bounds = ColumnBounds(low=low, high=high)
        made = dialects.clamped(replace(value, leaf=replace(leaf, bounds=bounds)), self._dialect)
        if self._dialect == "sqlite" or node.args.get("ignore_nulls", True) is False:
            return made
        # NULL counts as not there, so the inner literal is what is left.
        return replace(made, sql=f"CASE WHEN {value.sql} IS NULL THEN {literal(first.low)} ELSE {made.sql} END")

    def _extreme(self, left: Val, right: Val, node: exp.Greatest | exp.Least) -> Val:
        left, right = common(left, right)
        first, second = sorted((left, right), key=lambda each: each.sql)
        pick, sign = (max, ">") if isinstance(node, exp.Greatest) else (min, "<")
        chosen = f"WHEN {first.sql} {sign} {second.sql} THEN {first.sql} ELSE {second.sql} END"
        if node.args.get("ignore_nulls", True) is False or self._dialect == "sqlite":
            none = f"WHEN {first.sql} IS NULL OR {second.sql} IS NULL THEN NULL"
            low, high = pick(left.low, right.low), pick(left.high, right.high)
        else:  # NULL counts as not there
            none = f"WHEN {first.sql} IS NULL THEN {second.sql} WHEN {second.sql} IS NULL THEN {first.sql}"
            never = [each for each in (left, right) if each.constant]
            low, high = pick(left.low, right.low), pick(left.high, right.high)
            if not never:
                low, high = min(left.low, right.low), max(left.high, right.high)
            else:  # with a constant the result is never NULL, and the constant stands for NULL
                low, high = min(low, never[0].low), max(high, never[0].high)
        return self._checked(
            Val(
                "number",
                f"CASE {none} {chosen}",
                low,
                high,
                left.scale,
                bounded=left.bounded and right.bounded,
                integer=left.integer and right.integer,
            ),
            node,
        )


def _truncated(steps: int, divisor: int) -> int:
    quotient = abs(steps) // abs(divisor)
    return quotient if (steps < 0) == (divisor < 0) else -quotient
