"""What all row expressions share: values on their grid, leaves, and the refusal of what is not on a list."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from fractions import Fraction
from typing import Final, Protocol

from sqlglot import exp

from guard.anonymize.dp.sql import dialects
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.value import Constant, Val, number, too_wide

MAX_DIGITS = 15  # of a number compared with a column as it stands: every engine holds it exactly
MAX_DOMAIN = 1_000  # values that an expression is followed through
_TEXT_SAFE = re.compile(r"[^\x00-\x1f\x7f\\\ue000-\uf8ff]*")
_FLOATING: Final = re.compile(r"(RAND|UUID|NOW|CURRENT|TODAY|CLOCK|LOCALTIME)", re.IGNORECASE)
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
    exp.Exists: frozenset(),
    exp.Interval: frozenset({"unit"}),
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


class Names(Protocol):
    """Finds what a column name means."""

    def column(self, node: exp.Column) -> Val:
        """The value of a column; refuses what is unknown or ambiguous."""

    def member(self, node: exp.In) -> Val:
        """`x IN (SELECT ...)`."""

    def exists(self, node: exp.Exists) -> Val:
        """`EXISTS (SELECT ...)`."""


class Expressions(ABC):
    """Reads an expression of one SELECT; what each kind of node means stands in the classes below it."""

    def __init__(self, names: Names, dialect: str) -> None:
        self._names = names
        self._dialect = dialect

    @abstractmethod
    def value(self, node: exp.Expr) -> Val:
        """The value of an expression; see `Scalars.value`."""

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


def strange_part(node: exp.Expr) -> str:
    """A part of a node that its reading here does not account for."""
    known = _ALWAYS | _PARTS_OF.get(type(node), frozenset())
    return next((part for part, value in node.args.items() if value and part not in known), "")


def boolean_of(sql: str) -> Val:
    return Val("boolean", sql, domain=(True, False, None))


def or_null(domain: tuple[Constant, ...] | None) -> tuple[Constant, ...] | None:
    return None if domain is None else (*domain, None)
