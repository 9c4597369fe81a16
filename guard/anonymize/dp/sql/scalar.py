"""Row expressions: from the analyst's syntax to SQL that cannot fail on any row, with the range of its values.

Everything is an allow-list. What is here has the engine's own meaning for every value inside of the declared bounds;
what has none, or could raise for one row and not for another, is refused with the cure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final, Protocol

from sqlglot import exp

from guard.anonymize.dp.sql import dialects
from guard.anonymize.dp.sql.metadata import ColumnBounds
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.value import Constant, Leaf, Val, common, literal, number, rescale, too_wide
from guard.anonymize.sql_types import Family, SqlType

MAX_DIGITS = 15  # of a number compared with a column as it stands: every engine holds it exactly
MAX_DOMAIN = 1_000  # values that an expression is followed through
_TEXT_SAFE = re.compile(r"[^\x00-\x1f\x7f\\\ue000-\uf8ff]*")
_COMPARE: Final[dict[type[exp.Expr], str]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}
_TURNED: Final = {">": "<", ">=": "<="}  # `a > b` is written `b < a`: one spelling for one meaning
_PARTS: Final[dict[str, tuple[int, int]]] = {
    "year": (1, 9999),
    "quarter": (1, 4),
    "month": (1, 12),
    "week": (1, 53),
    "day": (1, 31),
    "doy": (1, 366),
    "dow": (0, 6),
    "isodow": (1, 7),
    "hour": (0, 23),
    "minute": (0, 59),
}
_PART_CLASSES: Final[dict[type[exp.Expr], str]] = {
    exp.Year: "year",
    exp.Quarter: "quarter",
    exp.Month: "month",
    exp.Day: "day",
    exp.DayOfMonth: "day",
    exp.DayOfYear: "doy",
    exp.DayOfWeek: "dow",
    exp.Hour: "hour",
    exp.Minute: "minute",
}
_PART_NAMES: Final = {"dayofyear": "doy", "dayofweek": "dow", "years": "year", "months": "month", "days": "day"}
_TRUNCATIONS: Final = frozenset({"year", "quarter", "month", "week", "day", "hour", "minute"})
_FLOATING: Final = re.compile(r"(RAND|UUID|NOW|CURRENT|TODAY|CLOCK|LOCALTIME)", re.IGNORECASE)


class Names(Protocol):
    """Finds what a column name means."""

    def column(self, node: exp.Column) -> Val:
        """The value of a column; refuses what is unknown or ambiguous."""

    def member(self, node: exp.In) -> Val:
        """`x IN (SELECT ...)`."""


class Scalars:
    """Compiles the row expressions of one SELECT."""

    def __init__(self, names: Names, dialect: str) -> None:
        self._names = names
        self._dialect = dialect

    # --- entry points -------------------------------------------------------------------------------------

    def value(self, node: exp.Expr) -> Val:
        """The value of an expression.

        Raises:
            Refusal: it is not on the list, or cannot be computed without failing for some row.
        """
        handler = _HANDLERS.get(type(node))
        if handler is None or strange_part(node):
            raise self._unknown(node)
        try:
            return handler(self, node)
        except Refusal as refusal:
            if not refusal.end:
                raise Refusal(refusal.reason, refusal.message, help=refusal.help, node=node) from None
            raise

    def fixed(self, node: exp.Expr) -> Val:
        """A number on its grid."""
        return self.on_grid(self.value(node), node)

    def on_grid(self, value: Val, node: exp.Expr) -> Val:
        """A value as a number on its grid; NULL is one that is always NULL."""
        if value.kind == "null":
            return Val("number", "CAST(NULL AS BIGINT)", bounded=True, integer=True)
        if value.kind != "number":
            raise Refusal("dp-type", "this needs a number", help="use a column of numbers, or CASE", node=node)
        if value.leaf is not None:
            try:
                return dialects.clamped(value, self._dialect)
            except Refusal as refusal:
                raise Refusal(refusal.reason, refusal.message, help=refusal.help, node=node) from None
        return value

    def condition(self, node: exp.Expr) -> str:
        """The SQL of a condition."""
        value = self.value(node)
        if value.kind == "null":
            return "NULL"
        if value.kind != "boolean":
            raise Refusal("dp-type", "this is no condition", help="compare it with a value", node=node)
        return value.sql

    # --- leaves -------------------------------------------------------------------------------------------

    def column(self, node: exp.Column) -> Val:
        return self._names.column(node)

    def literal(self, node: exp.Literal) -> Val:
        if node.is_string:
            return self._text(str(node.this), node)
        return self._number(str(node.this), node)

    def _text(self, value: str, node: exp.Expr) -> Val:
        if not _TEXT_SAFE.fullmatch(value):
            raise Refusal(
                "dp-literal", "a text holds a character that engines read differently", help="leave it out", node=node
            )
        return Val("text", dialects.text(value), constant=True, value=value, domain=(value,), bounded=True)

    def _number(self, digits: str, node: exp.Expr) -> Val:
        try:
            return self._checked(number(Fraction(digits)), node)
        except (ValueError, ZeroDivisionError):
            raise Refusal(
                "dp-literal",
                "a number is written in a way that guard does not read",
                help="write it as a decimal",
                node=node,
            ) from None

    def boolean(self, node: exp.Boolean) -> Val:
        truth = bool(node.this)
        return Val("boolean", "TRUE" if truth else "FALSE", constant=True, value=truth, domain=(truth,))

    def null(self, _node: exp.Null) -> Val:
        return Val("null", "NULL", constant=True, domain=(None,))

    def paren(self, node: exp.Paren) -> Val:
        return self.value(node.this)

    # --- logic --------------------------------------------------------------------------------------------

    def junction(self, node: exp.And | exp.Or) -> Val:
        if isinstance(node, exp.And):
            word, parts = "AND", dict.fromkeys(self.conjuncts(node))
        else:
            word, parts = "OR", {}
            for child in _flat(node, exp.Or):
                parts.update(dict.fromkeys(self._alternatives(child)))
        joined = f" {word} ".join(sorted(parts))
        return _boolean(f"({joined})" if len(parts) > 1 else joined)

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
        return _boolean(f"NOT ({self.condition(inner)})")

    def comparison(self, node: exp.Binary) -> Val:
        left, right = self.value(node.this), self.value(node.expression)
        return _boolean(self._compare(left, _COMPARE[type(node)], right, node))

    def between(self, node: exp.Between) -> Val:
        if node.args.get("symmetric"):
            raise self._unknown(node)
        value, low, high = (self.value(node.args[part]) for part in ("this", "low", "high"))
        parts = sorted({self._compare(value, ">=", low, node), self._compare(value, "<=", high, node)})
        return _boolean(f"({' AND '.join(parts)})")

    def member(self, node: exp.In) -> Val:
        if node.args.get("query"):
            return self._names.member(node)
        if node.args.get("unnest") or not node.expressions:
            raise self._unknown(node)
        value = self.value(node.this)
        parts = sorted({self._compare(value, "=", self.value(each), node) for each in node.expressions})
        return _boolean(f"({' OR '.join(parts)})" if len(parts) > 1 else parts[0])

    def is_(self, node: exp.Is) -> Val:
        if isinstance(node.expression, exp.Null):
            none = f"{self.value(node.this).sql} IS NULL"
            return _boolean(f"NOT ({none})" if node.args.get("negate") else none)
        if node.args.get("negate"):
            raise self._unknown(node)
        if isinstance(node.expression, exp.Boolean):
            inner = self.condition(node.this)
            return _boolean(f"coalesce({inner}, FALSE)" if node.expression.this else f"NOT coalesce({inner}, TRUE)")
        raise self._unknown(node)

    def like(self, node: exp.Like | exp.ILike) -> Val:
        value, pattern = self.value(node.this), self.value(node.expression)
        if value.kind != "text" or not (pattern.constant and isinstance(pattern.value, str)):
            raise Refusal(
                "dp-like", "LIKE needs a text and a literal pattern", help="write the pattern as a literal", node=node
            )
        if isinstance(node, exp.ILike) and self._dialect not in ("duckdb", "postgres"):
            raise self._unknown(node)
        return _boolean(f"({value.sql} {'ILIKE' if isinstance(node, exp.ILike) else 'LIKE'} {pattern.sql})")

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

    # --- arithmetic ---------------------------------------------------------------------------------------

    def sum(self, node: exp.Add | exp.Sub) -> Val:
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

    def quotient(self, node: exp.Div) -> Val:
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
        if not (node.args.get("typed") and left.integer and right.integer):
            scale = left.scale / abs(right.value)
            made = replace(left, scale=scale, integer=False, constant=False, value=None, domain=None)
            return made if right.value > 0 else self._negated(made)
        steps = right.low
        ends = [_truncated(left.low, steps), _truncated(left.high, steps)]
        return replace(
            left,
            sql=f"({left.sql} / {right.sql})",
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
        return Val("number", sql, low, high, bounded=True, integer=True, domain=_or_null(domain))

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

    # --- choice -------------------------------------------------------------------------------------------

    def case(self, node: exp.Case) -> Val:
        branches = [(self._when(node, each), self.value(each.args["true"])) for each in node.args["ifs"]]
        default = node.args.get("default")
        last = self.value(default) if default is not None else self.null(exp.Null())
        return self._choice(branches, last, node)

    def if_(self, node: exp.If) -> Val:
        default = node.args.get("false")
        last = self.value(default) if default is not None else self.null(exp.Null())
        return self._choice([(self.condition(node.this), self.value(node.args["true"]))], last, node)

    def _when(self, node: exp.Case, branch: exp.If) -> str:
        if node.this is None:
            return self.condition(branch.this)
        return self._compare(self.value(node.this), "=", self.value(branch.this), node)

    def coalesce(self, node: exp.Coalesce) -> Val:
        values = [self.value(each) for each in (node.this, *node.expressions)]
        return self._choice([(f"{each.sql} IS NOT NULL", each) for each in values[:-1]], values[-1], node)

    def nullif(self, node: exp.Nullif) -> Val:
        value = self.value(node.this)
        same = self._compare(value, "=", self.value(node.expression), node)
        return self._choice([(same, self.null(exp.Null()))], value, node)

    def _choice(self, branches: Sequence[tuple[str, Val]], last: Val, node: exp.Expr) -> Val:
        values = [value for _, value in branches] + [last]
        kinds = {value.kind for value in values} - {"null"}
        if not kinds:
            return self.null(exp.Null())
        if len(kinds) > 1 or kinds == {"other"}:
            raise Refusal(
                "dp-type", "the branches are of different kinds", help="give every branch one kind", node=node
            )
        kind = kinds.pop()
        if kind == "number":
            values = self._one_grid(values, node)
        domain: tuple[Constant, ...] | None = None
        if all(value.domain is not None for value in values):
            domain = tuple(dict.fromkeys(each for value in values for each in value.domain or ()))
        conditions = [condition for condition, _ in branches]
        pairs = zip(conditions, values[:-1], strict=True)
        sql = " ".join(
            ["CASE", *(f"WHEN {test} THEN {value.sql}" for test, value in pairs), "ELSE", values[-1].sql, "END"]
        )
        made = replace(values[0], kind=kind, sql=sql, domain=domain, constant=False, value=None, unit="", leaf=None)
        if kind != "number":
            return made
        return replace(
            made,
            low=min(value.low for value in values if value.kind != "null"),
            high=max(value.high for value in values if value.kind != "null"),
            bounded=all(value.bounded for value in values),
            integer=all(value.integer for value in values),
            wide=any(value.wide for value in values),
        )

    def _one_grid(self, values: Sequence[Val], node: exp.Expr) -> list[Val]:
        """All on one grid; NULL stays NULL and widens nothing."""
        fixed = [value if value.kind == "null" else self.on_grid(value, node) for value in values]
        numbers = [value for value in fixed if value.kind == "number"]
        finest = numbers[0]
        for value in numbers[1:]:
            finest = common(finest, value)[0]
        widened = [
            self._checked(rescale(value, finest.scale), node) if value.kind == "number" else value for value in fixed
        ]
        some = next(value for value in widened if value.kind == "number")
        none = replace(some, sql="NULL", domain=(None,), constant=True, value=None, bounded=True, integer=True)
        return [none if value.kind == "null" else value for value in widened]

    # --- text and time ------------------------------------------------------------------------------------

    def text_function(self, node: exp.Func) -> Val:
        name = {exp.Lower: "lower", exp.Upper: "upper", exp.Trim: "trim"}[type(node)]
        if isinstance(node, exp.Trim) and (node.args.get("expression") or node.args.get("position")):
            raise self._unknown(node)
        inner = self._texts(node.this)
        return Val("text", f"{name}({inner.sql})")

    def substring(self, node: exp.Substring) -> Val:
        inner = self._texts(node.this)
        start, length = self.value(node.args["start"]), node.args.get("length")
        counted = [start] + ([self.value(length)] if length is not None else [])
        if not all(each.constant and each.integer and 0 < each.low < 10_000 for each in counted):
            raise Refusal(
                "dp-text",
                "a substring needs literal positions from 1",
                help="write the positions as literals",
                node=node,
            )
        places = ", ".join(str(each.low) for each in counted)
        return Val("text", f"substr({inner.sql}, {places})")

    def left(self, node: exp.Left) -> Val:
        inner, count = self._texts(node.this), self.value(node.expression)
        if not (count.constant and count.integer and 0 < count.low < 10_000):
            raise Refusal("dp-text", "LEFT needs a literal length", help="write the length as a literal", node=node)
        return Val("text", f"substr({inner.sql}, 1, {count.low})")

    def concatenation(self, node: exp.DPipe) -> Val:
        left, right = self._texts(node.this), self._texts(node.expression)
        return Val("text", f"({left.sql} || {right.sql})")

    def length(self, node: exp.Length) -> Val:
        inner = self._texts(node.this)
        most = 2**31 - 1
        return Val("number", f"CAST(length({inner.sql}) AS BIGINT)", 0, most, integer=True)

    def _texts(self, node: exp.Expr) -> Val:
        value = self.value(node)
        if value.kind != "text":
            raise Refusal("dp-type", "this needs a text", help="use a column of texts", node=node)
        return value

    def part(self, node: exp.Expr) -> Val:
        if isinstance(node, exp.Extract):
            name, subject = str(node.this.name).lower(), node.expression
        else:
            name, subject = _PART_CLASSES[type(node)], node.this
        return self._part(_PART_NAMES.get(name, name), subject, node)

    def _part(self, part: str, subject: exp.Expr, node: exp.Expr) -> Val:
        while isinstance(subject, exp.TsOrDsToDate | exp.TsOrDsToTimestamp):
            subject = subject.this
        inner = self.value(subject)
        if (
            part not in _PARTS
            or inner.kind not in ("date", "timestamp")
            or (part in ("hour", "minute") and inner.kind == "date")
        ):
            raise Refusal(
                "dp-date",
                "this part of a date is not known here",
                help=f"use one of {', '.join(_PARTS)} of a date",
                node=node,
            )
        low, high = _PARTS[part]
        word = part
        if self._dialect == "spark":
            word = {"dow": "DAYOFWEEK", "isodow": "DAYOFWEEK_ISO"}.get(part, part)
        taken = f"CAST(EXTRACT({word} FROM {inner.sql}) AS BIGINT)"
        if self._dialect == "spark" and part == "dow":
            taken = f"({taken} - 1)"
        sql = dialects.dated(inner.sql, inner.kind, self._dialect, taken)
        domain = _or_null(tuple(Fraction(each) for each in range(low, high + 1))) if high - low < 400 else None
        return Val("number", sql, low, high, bounded=True, integer=True, domain=domain)

    def truncation(self, node: exp.TimestampTrunc | exp.DateTrunc) -> Val:
        inner = self.value(node.this)
        unit = str(node.args["unit"].name).lower()
        if unit not in _TRUNCATIONS or inner.kind not in ("date", "timestamp"):
            raise Refusal(
                "dp-date",
                "this truncation is not known here",
                help=f"use one of {', '.join(sorted(_TRUNCATIONS))}",
                node=node,
            )
        sql = dialects.dated(inner.sql, inner.kind, self._dialect, f"date_trunc('{unit}', {inner.sql})")
        # PostgreSQL makes a time with a zone of a date; the session's zone is pinned to UTC.
        return Val("timestamp", f"CAST({sql} AS TIMESTAMP)")

    def formatted(self, node: exp.TimeToStr) -> Val:
        """`strftime` of SQLite, which gives NULL for what is no date."""
        form = node.args.get("format")
        if self._dialect != "sqlite" or not isinstance(form, exp.Literal):
            raise self._unknown(node)
        subject = node.this
        while isinstance(subject, exp.TsOrDsToTimestamp | exp.TsOrDsToDate | exp.Paren):
            subject = subject.this
        inner = self._texts(subject)
        wanted = str(form.this)
        if not re.fullmatch(r"(%[YmdHMjw]|[-/: ])+", wanted):
            raise Refusal(
                "dp-date", "this form of a date is not known here", help="use %Y, %m, %d, %H, %M, %j, %w", node=node
            )
        return Val("text", f"strftime('{wanted}', {inner.sql})")

    def cast(self, node: exp.Cast) -> Val:
        to = node.to
        kind = to.this.name if hasattr(to.this, "name") else ""
        inner = self.value(node.this)
        if to.expressions:
            raise self._unknown(node)
        if inner.constant and isinstance(inner.value, str) and kind == "DATE":
            return self._moment(inner.value, "date", node)
        if inner.constant and isinstance(inner.value, str) and kind in ("TIMESTAMP", "TIMESTAMPNTZ"):
            return self._moment(inner.value, "timestamp", node)
        if kind in ("DOUBLE", "FLOAT") and inner.kind == "number" and kind == "DOUBLE":
            return replace(self.on_grid(inner, node), integer=False, constant=False, value=None)
        if kind in ("INT", "BIGINT") and inner.kind == "number" and inner.integer:
            return inner if kind == "BIGINT" or not inner.wide else self._cast_refusal(node)
        if kind in ("INT", "BIGINT") and inner.kind == "boolean":
            sql = f"CASE WHEN {inner.sql} THEN {literal(1)} WHEN NOT ({inner.sql}) THEN {literal(0)} END"
            domain = _or_null((Fraction(0), Fraction(1)))
            return Val("number", sql, 0, 1, bounded=True, integer=True, domain=domain)
        if kind == "DATE" and inner.kind == "timestamp":
            return Val("date", f"CAST({inner.sql} AS DATE)")
        if kind == "DATE" and inner.kind == "date":
            return inner
        return self._cast_refusal(node)

    def _cast_refusal(self, node: exp.Expr) -> Val:
        raise Refusal(
            "dp-cast",
            "a cast that may fail for one row and not for another, or that rounds",
            help="leave the cast out, or use TRY_CAST where the engine has it",
            node=node,
        )

    def try_cast(self, node: exp.TryCast) -> Val:
        kind = node.to.this.name if hasattr(node.to.this, "name") else ""
        inner = self.value(node.this)
        if self._dialect not in ("duckdb", "spark") or inner.kind != "text" or node.to.expressions:
            return self.cast(exp.Cast(this=node.this.copy(), to=node.to.copy()))
        if kind in ("DATE", "TIMESTAMP", "TIMESTAMPNTZ"):
            moment = "date" if kind == "DATE" else "timestamp"
            return Val("date" if moment == "date" else "timestamp", f"TRY_CAST({inner.sql} AS {moment.upper()})")
        if kind == "INT":
            leaf = Leaf("TRY_CAST", SqlType("INTEGER", "duckdb", Family.INTEGER, -(2**31), 2**31 - 1), None)
            return Val("number", f"TRY_CAST({inner.sql} AS INTEGER)", leaf=leaf, integer=True)
        return self._cast_refusal(node)

    # --- refusals -----------------------------------------------------------------------------------------

    def _checked(self, value: Val, node: exp.Expr) -> Val:
        if too_wide(value):
            raise Refusal(
                "dp-range",
                "a number may become too large to be added exactly",
                help="let the owner of the data declare narrower bounds or a wider `step`, or drop a factor",
                node=node,
            )
        return value

    def _unknown(self, node: exp.Expr) -> Refusal:
        name = node.sql_name() if isinstance(node, exp.Func) else node.key
        if isinstance(node, exp.Anonymous):
            name = str(node.this)
        if isinstance(node, exp.AggFunc):
            return Refusal(
                "dp-aggregate",
                f"`{name.lower()}` stands where a row is expected",
                help="move it into the SELECT list",
                node=node,
            )
        if isinstance(node, exp.Query | exp.Subquery):
            return Refusal(
                "dp-subquery",
                "a subquery stands inside an expression",
                help="join it in FROM, along the privacy unit",
                node=node,
            )
        if isinstance(node, exp.Window):
            return Refusal(
                "dp-window",
                "window functions are not answered",
                help="aggregate in a subquery grouped by the privacy unit",
                node=node,
            )
        if isinstance(node, exp.Parameter | exp.Placeholder):
            return Refusal(
                "dp-parameter",
                "a bound parameter has no place in a private question",
                help="write the value as a literal",
                node=node,
            )
        if _FLOATING.search(name):
            return Refusal(
                "dp-volatile",
                f"`{name.lower()}` changes from run to run",
                help="write the value as a literal",
                node=node,
            )
        return Refusal(
            "dp-function",
            f"`{name.lower()}` is not on the list of functions that cannot fail",
            help="see docs/reference/dp-sql.md for what may be used",
            node=node,
        )


# What each node may carry besides `this`, `expression` and `expressions`: a part that nobody thought of may change
# what the node means (`IS NULL` with `negate` is IS NOT NULL).
_PARTS_OF: Final[dict[type[exp.Expr], frozenset[str]]] = {
    exp.Column: frozenset({"table", "db", "catalog"}),
    exp.Literal: frozenset({"is_string"}),
    exp.Between: frozenset({"low", "high", "symmetric"}),
    exp.In: frozenset({"query", "unnest"}),
    exp.Is: frozenset({"negate"}),
    exp.Div: frozenset({"typed", "safe"}),
    exp.DPipe: frozenset({"safe"}),
    exp.Greatest: frozenset({"ignore_nulls"}),
    exp.Least: frozenset({"ignore_nulls"}),
    exp.Case: frozenset({"ifs", "default"}),
    exp.If: frozenset({"true", "false"}),
    exp.Substring: frozenset({"start", "length"}),
    exp.TimestampTrunc: frozenset({"unit", "input_type_preserved"}),
    exp.DateTrunc: frozenset({"unit", "unabbreviate", "input_type_preserved"}),
    exp.TimeToStr: frozenset({"format"}),
    exp.Cast: frozenset({"to"}),
    exp.TryCast: frozenset({"to", "requires_string", "safe"}),
    exp.Count: frozenset({"big_int"}),
    exp.Round: frozenset({"decimals"}),
    exp.Ordered: frozenset({"desc", "nulls_first"}),
    exp.Quantile: frozenset({"quantile"}),
}
_ALWAYS: Final = frozenset({"this", "expression", "expressions"})


def strange_part(node: exp.Expr) -> str:
    """A part of a node that its reading here does not account for."""
    known = _ALWAYS | _PARTS_OF.get(type(node), frozenset())
    return next((part for part, value in node.args.items() if value and part not in known), "")


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


def _boolean(sql: str) -> Val:
    return Val("boolean", sql, domain=(True, False, None))


def _or_null(domain: tuple[Constant, ...] | None) -> tuple[Constant, ...] | None:
    return None if domain is None else (*domain, None)


def _truncated(steps: int, divisor: int) -> int:
    quotient = abs(steps) // abs(divisor)
    return quotient if (steps < 0) == (divisor < 0) else -quotient


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


_OPPOSITE: Final[dict[type[exp.Expr], type[exp.Binary]]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.GT: exp.LTE,
    exp.GTE: exp.LT,
    exp.LT: exp.GTE,
    exp.LTE: exp.GT,
}

_HANDLERS: Final[dict[type[exp.Expr], Callable[[Scalars, Any], Val]]] = {
    exp.Column: Scalars.column,
    exp.Literal: Scalars.literal,
    exp.Boolean: Scalars.boolean,
    exp.Null: Scalars.null,
    exp.Paren: Scalars.paren,
    exp.And: Scalars.junction,
    exp.Or: Scalars.junction,
    exp.Not: Scalars.negation,
    **dict.fromkeys(_COMPARE, Scalars.comparison),
    exp.Between: Scalars.between,
    exp.In: Scalars.member,
    exp.Is: Scalars.is_,
    exp.Like: Scalars.like,
    exp.ILike: Scalars.like,
    exp.Add: Scalars.sum,
    exp.Sub: Scalars.sum,
    exp.Mul: Scalars.product,
    exp.Div: Scalars.quotient,
    exp.Mod: Scalars.remainder,
    exp.Neg: Scalars.minus,
    exp.Abs: Scalars.absolute,
    exp.Greatest: Scalars.extreme,
    exp.Least: Scalars.extreme,
    exp.Case: Scalars.case,
    exp.If: Scalars.if_,
    exp.Coalesce: Scalars.coalesce,
    exp.Nullif: Scalars.nullif,
    exp.Lower: Scalars.text_function,
    exp.Upper: Scalars.text_function,
    exp.Trim: Scalars.text_function,
    exp.Substring: Scalars.substring,
    exp.Left: Scalars.left,
    exp.DPipe: Scalars.concatenation,
    exp.Length: Scalars.length,
    exp.Extract: Scalars.part,
    **dict.fromkeys(_PART_CLASSES, Scalars.part),
    exp.TimestampTrunc: Scalars.truncation,
    exp.DateTrunc: Scalars.truncation,
    exp.TimeToStr: Scalars.formatted,
    exp.Cast: Scalars.cast,
    exp.TryCast: Scalars.try_cast,
}
