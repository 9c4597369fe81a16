"""Row expressions: from the analyst's syntax to SQL that cannot fail on any row, with the range of its values.

Everything is an allow-list. What is here has the engine's own meaning for every value inside of the declared bounds;
what has none, or could raise for one row and not for another, is refused with the cure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlglot import exp

from guard.anonymize.dp.sql.expression import strange_part
from guard.anonymize.dp.sql.logic import COMPARISONS
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.texts_and_times import PART_CLASSES, TextsAndTimes
from guard.anonymize.dp.sql.value import Val


class Scalars(TextsAndTimes):
    """Compiles the row expressions of one SELECT."""

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


_HANDLERS: Final[dict[type[exp.Expr], Callable[[Scalars, Any], Val]]] = {
    exp.Column: Scalars.column,
    exp.Literal: Scalars.literal,
    exp.Boolean: Scalars.boolean,
    exp.Null: Scalars.null,
    exp.Paren: Scalars.paren,
    exp.And: Scalars.junction,
    exp.Or: Scalars.junction,
    exp.Not: Scalars.negation,
    **dict.fromkeys(COMPARISONS, Scalars.comparison),
    exp.Between: Scalars.between,
    exp.In: Scalars.member,
    exp.Exists: Scalars.exists,
    exp.Is: Scalars.is_,
    exp.Like: Scalars.like,
    exp.ILike: Scalars.like,
    exp.Add: Scalars.sum,
    exp.Sub: Scalars.sum,
    exp.Mul: Scalars.product,
    exp.Div: Scalars.quotient,
    exp.IntDiv: Scalars.quotient,
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
    **dict.fromkeys(PART_CLASSES, Scalars.part),
    exp.TimestampTrunc: Scalars.truncation,
    exp.DateTrunc: Scalars.truncation,
    exp.TimeToStr: Scalars.formatted,
    exp.Date: Scalars.day,
    exp.Anonymous: Scalars.call,
    exp.Cast: Scalars.cast,
    exp.TryCast: Scalars.try_cast,
}
