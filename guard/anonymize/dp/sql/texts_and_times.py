"""Functions of texts, parts and truncation of dates, and the casts that cannot fail."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import Final

from sqlglot import exp

from guard.anonymize.dp.sql import dialects
from guard.anonymize.dp.sql.choice import Choice
from guard.anonymize.dp.sql.expression import or_null
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.value import Leaf, Val, literal
from guard.anonymize.sql_types import Family, SqlType

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
PART_CLASSES: Final[dict[type[exp.Expr], str]] = {
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
_TO_CHAR: Final = {"Y": "YYYY", "m": "MM", "d": "DD", "H": "HH24", "M": "MI", "j": "DDD"}
_TRUNCATIONS: Final = frozenset({"year", "quarter", "month", "week", "day", "hour", "minute"})


class TextsAndTimes(Choice):
    """Compiles functions of texts and times."""

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
            name, subject = PART_CLASSES[type(node)], node.this
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
        domain = or_null(tuple(Fraction(each) for each in range(low, high + 1))) if high - low < 400 else None
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
        """`strftime`, which in SQLite gives NULL for what is no date, and `to_char` of PostgreSQL."""
        form = node.args.get("format")
        if self._dialect == "spark" or not isinstance(form, exp.Literal):
            raise self._unknown(node)
        subject = node.this
        while isinstance(subject, exp.TsOrDsToTimestamp | exp.TsOrDsToDate | exp.Paren):
            subject = subject.this
        wanted = str(form.this)
        if not re.fullmatch(r"(%[YmdHMj]|[-/: ])+", wanted) and not (self._dialect == "sqlite" and wanted == "%w"):
            raise Refusal(
                "dp-date",
                "this form of a date is not known here",
                help="use the year, month, day, hour, minute or day of the year",
                node=node,
            )
        if self._dialect == "sqlite":
            return Val("text", f"strftime('{wanted}', {self._texts(subject).sql})")
        inner = self._time(subject, node)
        if self._dialect == "postgres":
            spelt = re.sub("%(.)", lambda found: _TO_CHAR[found.group(1)], wanted)
            taken = f"to_char({inner.sql}, '{spelt}')"
        else:
            taken = f"strftime({inner.sql}, '{wanted}')"
        return Val("text", dialects.dated(inner.sql, inner.kind, self._dialect, taken))

    def _time(self, subject: exp.Expr, node: exp.Expr) -> Val:
        inner = self.value(subject)
        if inner.kind not in ("date", "timestamp"):
            raise Refusal("dp-date", "this needs a date or a time", help="use a column of dates", node=node)
        return inner

    def day(self, node: exp.Date) -> Val:
        """`date(x)`: the day of a time; in SQLite a text, NULL for what is no date."""
        if node.this is None or node.expressions:
            raise self._unknown(node)
        if self._dialect == "sqlite":
            return Val("text", f"date({self._texts(node.this).sql})")
        inner = self._time(node.this, node)
        return inner if inner.kind == "date" else Val("date", f"CAST({inner.sql} AS DATE)")

    def call(self, node: exp.Anonymous) -> Val:
        """DuckDB's `date_part`, which is EXTRACT by another name."""
        name, arguments = str(node.this).lower(), node.expressions
        if name not in ("date_part", "datepart") or len(arguments) != 2 or not isinstance(arguments[0], exp.Literal):
            raise self._unknown(node)
        part = str(arguments[0].this).lower()
        return self._part(_PART_NAMES.get(part, part), arguments[1], node)

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
            domain = or_null((Fraction(0), Fraction(1)))
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
