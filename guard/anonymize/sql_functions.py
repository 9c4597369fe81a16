"""The few SQL functions that masks are made of, spelled for each dialect as sqlglot trees.

Rules of the house: no expression raises for any value of the column; all lengths count Unicode code points;
comparisons are by code point whatever the column's collation; and the collation never leaks into the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlglot import exp

from guard.anonymize import mariadb_sql
from guard.anonymize.sql_types import Dialect, Family, SqlType


def call(name: str, *arguments: exp.Expression) -> exp.Expression:
    """A function by exactly this name; sqlglot does not rewrite it."""
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def string(text: str) -> exp.Expression:
    """A text literal. Only what a rule's author wrote may come here; data and keys are bound instead."""
    return exp.Literal.string(text)


def number(value: int) -> exp.Expression:
    """An integer literal, in parentheses when negative."""
    literal = exp.Literal.number(abs(value))
    return literal if value >= 0 else exp.Paren(this=exp.Neg(this=literal))


def join(*parts: exp.Expression) -> exp.Expression:
    """The concatenation of texts; null when one is null."""
    whole = parts[0].copy()
    for part in parts[1:]:
        whole = exp.DPipe(this=whole, expression=part.copy(), safe=False)
    return whole


def case(*arms: tuple[exp.Expression, exp.Expression], otherwise: exp.Expression | None = None) -> exp.Expression:
    """CASE WHEN condition THEN result ... ELSE otherwise END; without `otherwise` null."""
    ifs = [exp.If(this=condition.copy(), true=result.copy()) for condition, result in arms]
    return exp.Case(ifs=ifs, default=exp.Null() if otherwise is None else otherwise.copy())


def every(*conditions: exp.Expression) -> exp.Expression:
    """All conditions hold."""
    return cast("exp.Expression", exp.and_(*conditions))


def typed_null(column: exp.Expression) -> exp.Expression:
    """A null of the column's own type, whatever that type is called: the arm with the value is never taken."""
    return exp.Case(ifs=[exp.If(this=exp.false(), true=column.copy())], default=exp.Null())


def where_not_null(column: exp.Expression, result: exp.Expression) -> exp.Expression:
    """`result` where the column is not null."""
    return case((exp.Is(this=column.copy(), expression=exp.Null()), exp.Null()), otherwise=result)


def text(column: exp.Expression, kind: SqlType) -> exp.Expression:
    """The column as text; null for a text with a NUL character (see `columns.map_text`) and for a blob in SQLite."""
    if kind.dialect == "postgres":  # PostgreSQL stores no NUL
        return exp.Cast(this=column.copy(), to=exp.DataType.build("TEXT"))
    if kind.dialect == "sqlite":
        nul = exp.GT(this=call("INSTR", column, call("CHAR", number(0))), expression=number(0))
        blob = exp.EQ(this=call("TYPEOF", column), expression=string("blob"))
        plain = exp.Cast(this=column.copy(), to=exp.DataType.build("TEXT"))
        return case((blob, exp.Null()), (nul, exp.Null()), otherwise=plain)
    if kind.dialect == "mysql":
        value = mariadb_sql.utf8(column)
        return case((mariadb_sql.has_nul(column), exp.Null()), otherwise=value) if kind.family is Family.TEXT else value
    plain = exp.Cast(this=column.copy(), to=exp.DataType.build("TEXT"))
    if kind.family is not Family.TEXT:
        return plain
    nul = exp.GT(this=call("INSTR", plain, call("CHR", number(0))), expression=number(0))
    return case((nul, exp.Null()), otherwise=plain)


def plain(column: exp.Expression, kind: SqlType) -> exp.Expression:
    """The column for a form under `over_text`: as it stands where its type is text already."""
    if _is_plain(kind):
        return column.copy()
    return exp.Cast(this=column.copy(), to=exp.DataType.build("TEXT"))


def over_text(column: exp.Expression, kind: SqlType, result: exp.Expression) -> exp.Expression:
    """`result`, a form over `plain(column)`; null where `text(column)` is.

    The odd values are asked for once, before all else: an engine that plans each statement anew (DuckDB) pays for
    every node of it.
    """
    odd = _odd(column, kind)
    if odd is None:
        return result
    if isinstance(result, exp.Case):
        result.set("ifs", [exp.If(this=odd, true=exp.Null()), *result.args["ifs"]])
        return result
    return case((odd, exp.Null()), otherwise=result)


def _is_plain(kind: SqlType) -> bool:
    if kind.dialect == "sqlite":
        return any(word in kind.name.upper() for word in ("CHAR", "CLOB", "TEXT"))  # its affinity is text
    return kind.is_plain_text or (kind.dialect == "mysql" and kind.family is Family.TEXT)


def _odd(column: exp.Expression, kind: SqlType) -> exp.Expression | None:
    """True for null and for what is no text: a NUL inside (see `columns.map_text`), a blob in SQLite.

    In DuckDB and PostgreSQL nothing that is made of a null is more than null.
    """
    if kind.dialect == "sqlite":
        no_text = exp.In(this=call("TYPEOF", column), expressions=[string("null"), string("blob")])
        nul = exp.GT(this=call("INSTR", column, call("CHAR", number(0))), expression=number(0))
        return cast("exp.Expression", exp.or_(no_text, nul))
    if kind.dialect == "mysql" and kind.family is Family.TEXT:
        return mariadb_sql.has_nul(column)
    if kind.dialect == "duckdb" and kind.family is Family.TEXT:
        return call("CONTAINS", plain(column, kind), call("CHR", number(0)))
    return None


def length(value: exp.Expression) -> exp.Expression:
    """The number of code points."""
    return call("LENGTH", value)


def part(value: exp.Expression, start: exp.Expression | int, count: exp.Expression | int) -> exp.Expression:
    """`count` code points from the 1-based `start`; the caller sees to it that neither is negative."""
    return call("SUBSTR", value, *(number(item) if isinstance(item, int) else item for item in (start, count)))


def ending(value: exp.Expression, count: int, size: exp.Expression, dialect: Dialect) -> exp.Expression:
    """The last `count` code points of a text that has `size`, not fewer than `count`."""
    if dialect == "postgres":  # its SUBSTR does not count from the end
        return part(value, exp.Sub(this=size.copy(), expression=number(count - 1)), count)
    return part(value, -count, count)


def position(value: exp.Expression, needle: str, dialect: Dialect) -> exp.Expression:
    """Where `needle` begins, 1-based; 0 when it does not occur."""
    return call("INSTR" if dialect == "sqlite" else "STRPOS", exact(value, dialect), string(needle))


def repeat(character: str, count: exp.Expression, dialect: Dialect) -> exp.Expression:
    """`character`, `count` times."""
    if dialect == "sqlite":  # it has no REPEAT: blanks to a width
        return call("REPLACE", call("PRINTF", string("%*s"), count, string("")), string(" "), string(character))
    if dialect == "postgres":
        return call("REPEAT", string(character), exp.Cast(this=count.copy(), to=exp.DataType.build("INT")))
    return call("REPEAT", string(character), count)


def exact(value: exp.Expression, dialect: Dialect) -> exp.Expression:
    """`value` for comparison by code point: PostgreSQL refuses or merges under some collations."""
    if dialect == "postgres":
        return exp.Collate(this=exp.Paren(this=value.copy()), expression=exp.to_identifier("C", quoted=True))
    if dialect == "mysql":
        return mariadb_sql.exact(value)
    return value.copy()


def matches(value: exp.Expression, *, regex: str, globs: Sequence[str], dialect: Dialect) -> exp.Expression:
    """True when the regular expression (in the part of syntax that RE2 and PostgreSQL share) finds a match.

    SQLite has no regular expressions: there one of `globs` must match the whole text, and the caller proves in
    its tests that both say the same.
    """
    if dialect == "sqlite":
        tests = [exp.Glob(this=value.copy(), expression=string(pattern)) for pattern in globs]
        return exp.Paren(this=exp.or_(*tests))
    if dialect == "postgres":
        return exp.RegexpLike(this=exact(value, dialect), expression=string(regex))
    if dialect == "mysql":
        return mariadb_sql.matches(value, regex)
    return call("REGEXP_MATCHES", value, string(regex))


def stored_as(column: exp.Expression, storage: str) -> exp.Expression:
    """SQLite: true for a value whose storage class is `storage` (`integer`, `real`, `text`)."""
    return exp.EQ(this=call("TYPEOF", column), expression=string(storage))
