"""The SQL form of a mask's expression, built from its nodes by the functions that all engines share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from sqlglot import exp

from guard.anonymize.expression import nodes as g
from guard.anonymize.sql_functions import case, ending, exact, join, length, number, part, position, repeat, string

if TYPE_CHECKING:
    from guard.anonymize.sql_types import Dialect

_SIGNS: Final[dict[str, type[exp.Binary]]] = {
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
    "=": exp.EQ,
    "<>": exp.NEQ,
}


def text_sql(node: g.TextNode, column: exp.Expression, dialect: Dialect) -> exp.Expression:
    """The text; `column` is the column as plain text."""
    match node:
        case g.Column():
            return column.copy()
        case g.Text(value=literal):
            return _literal(literal, dialect)
        case g.Concat(parts=parts):
            return exp.Paren(this=join(*(text_sql(each, column, dialect) for each in parts)))
        case g.Left(inner=inner, count=count):
            return part(text_sql(inner, column, dialect), 1, count)
        case g.Right(inner=inner, count=count):
            value = text_sql(inner, column, dialect)
            if not count:
                return part(value, 1, 0)
            size = length(value)
            enough = exp.GTE(this=size, expression=number(count))
            return case((enough, ending(value, count, size, dialect)), otherwise=value)
        case g.Substring(inner=inner, start=start, count=count):
            return part(text_sql(inner, column, dialect), start, count)
        case g.Before(inner=inner, needle=needle):
            value = text_sql(inner, column, dialect)
            at = position(value, needle, dialect)
            up_to = exp.Sub(this=at, expression=number(1))
            return case((_positive(at), part(value, 1, up_to)), otherwise=_literal("", dialect))
        case g.After(inner=inner, needle=needle):
            value = text_sql(inner, column, dialect)
            at = position(value, needle, dialect)
            behind = exp.Add(this=at, expression=number(len(needle)))
            return case((_positive(at), part(value, behind, length(value))), otherwise=_literal("", dialect))
        case g.Repeat(character=character, count=times):
            return repeat(character, _number(times, column, dialect), dialect)
        case g.Choice(condition=condition, then=then, otherwise=otherwise):
            held = _condition(condition, column, dialect)
            return case((held, text_sql(then, column, dialect)), otherwise=text_sql(otherwise, column, dialect))


def _number(node: g.NumberNode, column: exp.Expression, dialect: Dialect) -> exp.Expression:
    match node:
        case g.Number(value=value):
            return number(value)
        case g.Length(inner=inner):
            return length(text_sql(inner, column, dialect))
        case g.Less(inner=inner, count=count):
            left = _number(inner, column, dialect)
            enough = exp.GTE(this=left, expression=number(count))
            return case((enough, exp.Sub(this=left, expression=number(count))), otherwise=number(0))


def _condition(node: g.ConditionNode, column: exp.Expression, dialect: Dialect) -> exp.Expression:
    match node:
        case g.Compared(left=left, sign=sign, right=right):
            sides = (_number(left, column, dialect), _number(right, column, dialect))
            return cast("exp.Expression", _SIGNS[sign](this=sides[0], expression=sides[1]))
        case g.Contains(inner=inner, needle=needle):
            return _positive(position(text_sql(inner, column, dialect), needle, dialect))
        case g.StartsWith(inner=inner, needle=needle):
            head = part(text_sql(inner, column, dialect), 1, len(needle))
            return exp.EQ(this=exact(head, dialect), expression=string(needle))


def _positive(place: exp.Expression) -> exp.Expression:
    return exp.GT(this=place.copy(), expression=number(0))


def _literal(text: str, dialect: Dialect) -> exp.Expression:
    """A literal that is text for PostgreSQL, too, where a bare one has no type yet."""
    literal = string(text)
    return exp.Cast(this=literal, to=exp.DataType.build("TEXT")) if dialect == "postgres" else literal
