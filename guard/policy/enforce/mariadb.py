"""What enforcement must know of MariaDB and MySQL alone.

Names: columns go without case and without accents, so a name with letters beyond ASCII that have either is refused.
Texts compare by collation (`'EU' = 'eu'`), so a rule's own comparison of texts asks for the same characters besides.
Warnings print values as errors do, so whatever casts may fail on a value.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Set
from typing import Final

from sqlglot import exp

from guard.model import Column, Gap
from guard.policy.enforce.deny import unsupported
from guard.policy.enforce.types import data_type, family
from guard.sql.names import lower

DIALECT: Final = "mysql"
NO_LIMIT: Final = "18446744073709551615"  # what the manual gives for "all rows"; a wrap with a limit is not merged

_TRUTHS: Final = (exp.Where, exp.Having, exp.Join, exp.And, exp.Or, exp.Not, exp.Xor, exp.If, exp.Paren)
_WHOLE: Final = frozenset({"UTINYINT", "USMALLINT", "UMEDIUMINT", "UINT", "UBIGINT"})


def gaps(tree: exp.Expr) -> Iterator[Gap]:
    """What is not enforced in this dialect, besides the lists that all dialects share."""
    aliases: dict[str, str] = {}
    for node in tree.walk():
        if isinstance(node, exp.Parameter):
            yield unsupported("a user variable", "write the value itself, or bind it")
        elif isinstance(node, exp.Select) and node.args.get("operation_modifiers"):
            yield unsupported("a modifier of SELECT", "write SELECT alone")
        elif isinstance(node, exp.Identifier) and not _plain(node.name):
            yield unsupported("a name with letters that MariaDB takes for others", "use names of ASCII or Han letters")
        elif isinstance(node, exp.Table | exp.Subquery) and (name := node.alias_or_name):
            # Whether two aliases that differ in case are one depends on a setting of the server.
            before = aliases.setdefault(lower(name), name)
            if before != name:
                yield unsupported(f"`{name}` in two cases", "write a table's name and alias in one case")


def _plain(name: str) -> bool:
    """Whether only one spelling means this name in `utf8mb3_general_ci`, except for the case of ASCII letters."""
    if name.isascii():
        return name == name.rstrip()
    return all(
        each.isascii() or (unicodedata.normalize("NFKD", each) == each == each.casefold() == each.upper())
        for each in name
    )


def casts_to_truth(node: exp.Expr) -> bool:
    """A column that stands for a truth value: a text there is cast to a number, with a warning that prints it."""
    return isinstance(node, exp.Column) and isinstance(node.parent, _TRUTHS)


def literals_fit(operands: Iterable[object], families: Set[str | None]) -> bool:
    """Whether a comparison casts nothing: all of one family, texts with texts and whole numbers with numbers."""
    literals = [each for each in operands if isinstance(each, exp.Literal)]
    kinds = families - {"literal"}
    if kinds == {"text"}:
        return all(literal.is_string for literal in literals)
    if kinds in ({"integer"}, {"number"}):
        return all(literal.is_number for literal in literals)
    return len(kinds) == 1 and not literals and not kinds & {None, "other"}


def spell(tree: exp.Expr) -> None:
    """Brings what sqlglot writes for MySQL 8 alone to forms that MariaDB has too; changed in place."""
    for node in list(tree.find_all(exp.RegexpLike)):
        found = exp.Anonymous(this="REGEXP_INSTR", expressions=[node.this.copy(), node.expression.copy()])
        node.replace(exp.Paren(this=exp.GT(this=found, expression=exp.Literal.number(0))))
    for arrow in list(tree.find_all(exp.JSONExtractScalar)):
        inner = exp.JSONExtract(this=arrow.this.copy(), expression=arrow.expression.copy())
        arrow.replace(exp.Anonymous(this="JSON_UNQUOTE", expressions=[inner]))


def own_type(value: exp.Expr, column: Column) -> exp.Expr:
    """`value` in the column's family: CAST takes only a few types, and a length would cut or round a mask."""
    kind = family(column.type, DIALECT)
    declared = data_type(column.type, DIALECT)
    name = declared.this.name if declared is not None else ""
    spelt = {
        "text": "CHAR",
        "integer": "UNSIGNED" if name in _WHOLE else "SIGNED",
        "boolean": "SIGNED",
        "date": "DATE",
        "timestamp": "DATETIME(6)",
    }.get(kind, "")
    if kind == "number" and declared is not None:
        sizes = ", ".join(size.name for size in declared.expressions)
        spelt = f"DECIMAL({sizes})" if "DECIMAL" in name and sizes else "DOUBLE"
    if not spelt or (isinstance(value, exp.Null) and kind == "other"):
        return value
    return exp.Cast(this=value, to=exp.DataType.build(spelt, dialect=DIALECT))


def exact(value: exp.Expr) -> exp.Expr:
    """The bytes of a text in UTF-8: equal only for the same characters, whatever the collation."""
    utf8 = exp.DataType(this=exp.DataType.Type.CHARACTER_SET, kind=exp.Var(this="utf8mb4"))
    return exp.Cast(
        this=exp.Cast(this=value.copy(), to=utf8), to=exp.DataType(this=exp.DataType.Type.BINARY, nested=False)
    )


def inexact(node: exp.Expr) -> exp.Expr | None:
    """The text under `exact`, or None when the node is not one."""
    inner = node.this if isinstance(node, exp.Cast) and node.to.this.name == "BINARY" else None
    utf8 = isinstance(inner, exp.Cast) and inner.to.this.name == "CHARACTER_SET"
    return inner.this if utf8 and inner is not None and inner.to.text("kind") == "utf8mb4" else None
