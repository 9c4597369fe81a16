"""Conditions: AND, OR, NOT, comparisons, IN, BETWEEN, IS, LIKE, each in its one spelling."""

from __future__ import annotations

import calendar
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Final

from sqlglot import exp

from guard.anonymize.dp.sql import dialects
from guard.anonymize.dp.sql.expression import MAX_DIGITS, Expressions, boolean_of
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.value import Val, common
from guard.anonymize.sql_types import Family

COMPARISONS: Final[dict[type[exp.Expr], str]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}
_TURNED: Final = {">": "<", ">=": "<="}  # `a > b` is written `b < a`: one spelling for one meaning
_OPPOSITE: Final[dict[type[exp.Expr], type[exp.Binary]]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.GT: exp.LTE,
    exp.GTE: exp.LT,
    exp.LT: exp.GTE,
    exp.LTE: exp.GT,
}


# Whether the unit is one of the calendar, and how many months or days it has.
_UNITS: Final = {"day": (False, 1), "week": (False, 7), "month": (True, 1), "quarter": (True, 3), "year": (True, 12)}


class Logic(Expressions):
    """Compiles conditions."""

    def junction(self, node: exp.And | exp.Or) -> Val:
        if isinstance(node, exp.And):
            word, parts = "AND", dict.fromkeys(self.conjuncts(node))
        else:
            word, parts = "OR", {}
            for child in _flat(node, exp.Or):
                parts.update(dict.fromkeys(self._alternatives(child)))
        joined = f" {word} ".join(sorted(parts))
        return boolean_of(f"({joined})" if len(parts) > 1 else joined)

    def conjuncts(self, node: exp.Expr) -> list[str]:
        """The conditions that must all hold, each in its one spelling; what is always true is left out."""
        found: dict[str, None] = {}
        for child in _flat(node, exp.And):
            if isinstance(child, exp.Between) and not child.args.get("symmetric"):
                value = self.value(child.this)
                found[self._compare(value, ">=", self.value(child.args["low"]), child)] = None
                found[self._compare(value, "<=", self.value(child.args["high"]), child)] = None
            elif not (isinstance(child, exp.Boolean) and child.this):
                found[self.condition(child)] = None
        return sorted(found)

    def _alternatives(self, node: exp.Expr) -> list[str]:
        if isinstance(node, exp.In) and node.expressions and not node.args.get("query"):
            value = self.value(node.this)
            return [self._compare(value, "=", self.value(each), node) for each in node.expressions]
        return [self.condition(node)]

    def negation(self, node: exp.Not) -> Val:
        inner = node.this.unnest()
        if isinstance(inner, exp.Not):
            return self.value(inner.this)
        if type(inner) in _OPPOSITE:
            return self.value(_OPPOSITE[type(inner)](this=inner.this.copy(), expression=inner.expression.copy()))
        return boolean_of(f"NOT ({self.condition(inner)})")

    def comparison(self, node: exp.Binary) -> Val:
        left, right = self.value(node.this), self.value(node.expression)
        return boolean_of(self._compare(left, COMPARISONS[type(node)], right, node))

    def between(self, node: exp.Between) -> Val:
        if node.args.get("symmetric"):
            raise self._unknown(node)
        value, low, high = (self.value(node.args[part]) for part in ("this", "low", "high"))
        parts = sorted({self._compare(value, ">=", low, node), self._compare(value, "<=", high, node)})
        return boolean_of(f"({' AND '.join(parts)})")

    def member(self, node: exp.In) -> Val:
        if node.args.get("query"):
            return self._names.member(node)
        if node.args.get("unnest") or not node.expressions:
            raise self._unknown(node)
        value = self.value(node.this)
        parts = sorted({self._compare(value, "=", self.value(each), node) for each in node.expressions})
        return boolean_of(f"({' OR '.join(parts)})" if len(parts) > 1 else parts[0])

    def exists(self, node: exp.Exists) -> Val:
        return self._names.exists(node)

    def moved(self, node: exp.Add | exp.Sub, by: exp.Interval) -> Val:
        """A literal date and a literal number of days, weeks, months or years: a date again, computed here."""
        left, count = self.value(node.this), by.this
        unit = str(by.args["unit"].name).lower().removesuffix("s") if by.args.get("unit") is not None else ""
        digits = str(count.this) if isinstance(count, exp.Literal) else ""
        if not (
            left.kind == "date"
            and isinstance(left.value, date)
            and unit in _UNITS
            and re.fullmatch("[0-9]{1,5}", digits)
        ):
            raise Refusal(
                "dp-date",
                "an interval beside what is no literal date",
                help="write DATE '2024-01-31' + INTERVAL '1 month', or the date itself",
                node=node,
            )
        steps = int(digits) * _UNITS[unit][1] * (1 if isinstance(node, exp.Add) else -1)
        try:
            moved = _months_later(left.value, steps) if _UNITS[unit][0] else left.value + timedelta(days=steps)
        except (OverflowError, ValueError):
            raise Refusal("dp-literal", "a date is out of range", help="write one that is in it", node=node) from None
        return self._moment(moved.isoformat(), "date", node)

    def is_(self, node: exp.Is) -> Val:
        if isinstance(node.expression, exp.Null):
            none = f"{self.value(node.this).sql} IS NULL"
            return boolean_of(f"NOT ({none})" if node.args.get("negate") else none)
        if node.args.get("negate"):
            raise self._unknown(node)
        if isinstance(node.expression, exp.Boolean):
            inner = self.condition(node.this)
            return boolean_of(f"coalesce({inner}, FALSE)" if node.expression.this else f"NOT coalesce({inner}, TRUE)")
        raise self._unknown(node)

    def like(self, node: exp.Like | exp.ILike) -> Val:
        value, pattern = self.value(node.this), self.value(node.expression)
        if value.kind != "text" or not (pattern.constant and isinstance(pattern.value, str)):
            raise Refusal(
                "dp-like", "LIKE needs a text and a literal pattern", help="write the pattern as a literal", node=node
            )
        if isinstance(node, exp.ILike) and self._dialect not in ("duckdb", "postgres"):
            raise self._unknown(node)
        return boolean_of(f"({value.sql} {'ILIKE' if isinstance(node, exp.ILike) else 'LIKE'} {pattern.sql})")

    def _compare(self, left: Val, sign: str, right: Val, node: exp.Expr) -> str:
        if "null" in (left.kind, right.kind):
            return "NULL"
        left, right = self._same_kind(left, right, node), self._same_kind(right, left, node)
        if left.kind != right.kind:
            raise Refusal(
                "dp-type",
                f"a {left.kind} is compared with a {right.kind}, which engines cast and may fail on",
                help="compare values of one kind",
                node=node,
            )
        if left.kind == "number":
            left, right = self._comparable(left, right, node)
        elif left.kind == "boolean" and sign not in ("=", "<>"):
            raise self._unknown(node)
        elif left.kind == "other" and not _same_type(left, right):
            raise Refusal(
                "dp-type", "columns of different types are compared", help="compare columns of one type", node=node
            )
        if sign in _TURNED:
            left, sign, right = right, _TURNED[sign], left
        elif sign in ("=", "<>") and right.sql < left.sql:
            left, right = right, left
        return f"({left.sql} {sign} {right.sql})"

    def _same_kind(self, value: Val, other: Val, node: exp.Expr) -> Val:
        """A text literal beside a date or time becomes one, as in every engine."""
        if value.constant and isinstance(value.value, str) and other.kind in ("date", "timestamp"):
            return self._moment(value.value, other.kind, node)
        if value.kind == "date" and value.constant and other.kind == "timestamp" and isinstance(value.value, date):
            return self._moment(value.value.isoformat(), "timestamp", node)
        if value.kind == "other" and other.constant and isinstance(other.value, str):
            raise Refusal(
                "dp-type", "a column of this type is compared with a text", help="leave the condition out", node=node
            )
        return value

    def _moment(self, value: str, kind: str, node: exp.Expr) -> Val:
        try:
            moment = date.fromisoformat(value) if kind == "date" else datetime.fromisoformat(value)
        except ValueError:
            raise Refusal("dp-literal", f"a text is no {kind}", help="write it as YYYY-MM-DD", node=node) from None
        if isinstance(moment, datetime) and moment.tzinfo is not None:
            raise Refusal("dp-literal", "a time has a zone", help="write the time in UTC, without a zone", node=node)
        if self._dialect == "sqlite":
            return Val("text", dialects.text(value), constant=True, value=value, domain=(value,))
        to = "DATE" if kind == "date" else "TIMESTAMP"
        spelt = moment.isoformat(" ") if isinstance(moment, datetime) else moment.isoformat()
        held = moment if not isinstance(moment, datetime) else spelt
        return Val("date" if kind == "date" else "timestamp", f"CAST('{spelt}' AS {to})", constant=True, value=held)

    def _comparable(self, left: Val, right: Val, node: exp.Expr) -> tuple[Val, Val]:
        for one, other in ((left, right), (right, left)):
            if one.leaf is not None and other.constant and isinstance(other.value, Fraction):
                plain = replace(other, sql=_plain(other.value, node))
                return (left, plain) if one is left else (plain, right)
        if left.leaf is not None and right.leaf is not None and _integers(left, right):
            return left, right
        left, right = common(self.on_grid(left, node), self.on_grid(right, node))
        return self._checked(left, node), self._checked(right, node)


def _months_later(day: date, months: int) -> date:
    """The same day of another month, or its last one: what every engine answers."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _flat(node: exp.Expr, kind: type[exp.Expr]) -> list[exp.Expr]:
    """The operands of a chain of AND or OR, through brackets, in the order of the text."""
    found: list[exp.Expr] = []
    left = [node]
    while left:
        one = left.pop().unnest()
        if isinstance(one, kind):
            left += [one.args["expression"], one.args["this"]]
        else:
            found.append(one)
    return found


def _integers(*values: Val) -> bool:
    return all(value.leaf is not None and value.leaf.type.family is Family.INTEGER for value in values)


def _same_type(left: Val, right: Val) -> bool:
    return left.leaf is not None and right.leaf is not None and left.leaf.type.name == right.leaf.type.name


def _plain(value: Fraction, node: exp.Expr) -> str:
    """A literal for a comparison with a bare column."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
        if places > MAX_DIGITS:
            raise Refusal(
                "dp-literal", "a number has too many digits", help=f"write at most {MAX_DIGITS} digits", node=node
            )
    steps = abs((value * 10**places).numerator)
    if len(str(steps)) > MAX_DIGITS:
        raise Refusal(
            "dp-literal", "a number has too many digits", help=f"write at most {MAX_DIGITS} digits", node=node
        )
    first, rest = divmod(steps, 10**places)
    digits = f"{first}.{rest:0{places}d}" if places else str(first)
    return f"(-{digits})" if value < 0 else digits
