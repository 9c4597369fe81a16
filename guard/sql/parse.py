"""One SQL text in, one syntax tree out; or an error that never repeats the text.

Everything that guard judges passes here. The order is: bytes, characters, tokens, parser, tree; each step may assume
that the one before held.
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from guard.errors import ParseError, UsageError
from guard.sql import shape
from guard.sql.fingerprint import anonymised, fingerprint, fingerprint_of
from guard.sql.lexed import Lexed
from guard.sql.limits import DEFAULT_LIMITS, HARD_BYTES, SCRIPT_LIMITS, SqlLimits
from guard.sql.tokens import tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["anonymised", "fingerprint", "fingerprint_of", "parse", "parse_script", "read"]

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UNICODE_IDENTIFIER = re.compile(r"(?i)(?<![\w$])U&\s*[\"']")
_CODE_COMMENT = re.compile(r"/\*M?!|/\*\+")
_MYSQL = frozenset({"mysql", "mariadb", "doris", "starrocks", "singlestore", "tidb"})
_STANDARD_UNICODE = frozenset({"postgres", "redshift", "risingwave", "materialize", "trino", "presto", "athena"})
# The parser raises these, besides its own errors, on text that it does not expect (`SELECT -> -> 1`).
_PARSER_FAULTS = (SqlglotError, RecursionError, TypeError, ValueError, AttributeError, LookupError, AssertionError)

# Small texts cannot be deep: each level of the tree takes at least one token, and each relation two.
_TREE_CHECK_FROM = 240

_STATEMENTS: tuple[type[Any], ...] = (
    exp.Query,
    exp.DML,
    exp.DDL,
    exp.Values,
    exp.Pivot,
    exp.Summarize,
    exp.Describe,
    exp.Drop,
    exp.Alter,
    exp.Merge,
    exp.TruncateTable,
    exp.Set,
    exp.Pragma,
    exp.Use,
    exp.Copy,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
    exp.Attach,
    exp.Detach,
    exp.Kill,
    exp.Comment,
    exp.Analyze,
    exp.Cache,
    exp.Uncache,
    exp.Refresh,
    exp.Show,
    exp.LoadData,
    exp.Grant,
    exp.Revoke,
)


def parse(sql: str, dialect: str, *, limits: SqlLimits = DEFAULT_LIMITS) -> exp.Expression:
    """The one statement in `sql`, read as `dialect` (sqlglot's name).

    Raises:
        ParseError: too large, not parsable, not exactly one statement, or a statement guard does not know; `gap` is
            the code of the gap it stands for.
        UsageError: there is no such dialect.
    """
    return read(sql, dialect, limits=limits)[0]


def read(sql: str, dialect: str, *, limits: SqlLimits = DEFAULT_LIMITS) -> tuple[exp.Expression, Lexed]:
    """As `parse`, with the tokens that the statement was parsed of."""
    reader = _dialect(dialect)
    lexed = Lexed(sql, _tokens(sql, dialect, limits))
    statements = parse_tokens(sql, reader, lexed.tokens, limits=limits)
    if len(statements) != 1:
        count = "no statement" if not statements else f"{len(statements)} statements"
        raise ParseError(
            f"the text holds {count}, expected exactly one", help="send one statement", gap="unsupported_statement"
        )
    statement = statements[0]
    if not isinstance(statement, _STATEMENTS) or not isinstance(statement, exp.Expression):
        kind = type(statement).__name__.lower()
        name = str(statement.this).lower() if isinstance(statement, exp.Command) else kind
        name = name if re.fullmatch(r"[a-z_]{1,30}", name) else kind
        raise ParseError(
            f"guard does not judge `{name}` statements",
            help="send a SELECT; other statements run on the source itself",
            gap="unsupported_statement",
        )
    return statement, lexed


def parse_script(sql: str, dialect: str, *, limits: SqlLimits = SCRIPT_LIMITS) -> tuple[exp.Expression, ...]:
    """All statements in `sql`, in order, for lineage; what the parser does not know comes as `exp.Command`.

    Raises:
        ParseError: too large, or not parsable; the message never repeats the text.
        UsageError: there is no such dialect.
    """
    return tuple(statement for statement in _parse(sql, dialect, limits) if isinstance(statement, exp.Expression))


def tokenise(sql: str, dialect: str, *, limits: SqlLimits = SCRIPT_LIMITS) -> tuple[Dialect, list[Any]]:
    """The tokens of a text whose bytes, characters and shape are within the limits.

    Raises:
        ParseError, UsageError: as `parse`.
    """
    return _dialect(dialect), _tokens(sql, dialect, limits)


def lex(sql: str, dialect: str) -> Lexed:
    """A text and its tokens, within the limits on bytes and characters only: to find a statement that is known.

    Raises:
        ParseError: as `parse`.
    """
    _dialect(dialect)
    return Lexed(sql, _split(sql, dialect, DEFAULT_LIMITS))


def parse_tokens(sql: str, reader: Dialect, tokens: Sequence[Any], *, limits: SqlLimits) -> list[exp.Expr]:
    """The statements in a part of the tokens of `sql`.

    Raises:
        ParseError: not parsable.
    """
    fault: tuple[int, int] | None = None
    parsed: list[exp.Expr | None] = []
    with _silent_parser():
        try:
            parsed = reader.parser().parse(list(tokens), sql)
        except _PARSER_FAULTS as error:
            fault = _place(error)
    if fault is not None:  # raised outside of the handler: the parser's error repeats the text and must not be chained
        raise _unparsed(fault)
    statements = [one for one in parsed if one is not None and not isinstance(one, exp.Semicolon)]
    if len(tokens) >= _TREE_CHECK_FROM:
        for statement in statements:
            _bound_tree(statement, limits)
    return statements


def _parse(sql: str, dialect: str, limits: SqlLimits) -> list[exp.Expr]:
    reader = _dialect(dialect)
    return parse_tokens(sql, reader, _tokens(sql, dialect, limits), limits=limits)


@lru_cache(64)
def _dialect(name: str) -> Dialect:
    """The named dialect, or the common grammar for ""; an unknown name is the caller's mistake, not a bad statement."""
    if name and (not re.fullmatch(r"[a-z0-9_]{1,40}", name) or Dialect.get(name) is None):
        msg = f"there is no SQL dialect `{name[:40]}`"
        raise UsageError(msg, help="use sqlglot's names: postgres, duckdb, sqlite, mysql, ...")
    return Dialect.get_or_raise(name or None)


def _tokens(sql: str, dialect: str, limits: SqlLimits) -> list[Any]:
    tokens = _split(sql, dialect, limits)
    shape.check(tokens, sql, limits)
    return tokens


def _split(sql: str, dialect: str, limits: SqlLimits) -> list[Any]:
    size = min(limits.bytes, HARD_BYTES)
    if len(sql) > size or len(encoded(sql)) > size:
        raise shape.too_large("bytes", size)
    if _CONTROL.search(sql):
        raise ParseError(
            "the statement holds a control character", help="pass such values as bound parameters, not as text"
        )
    if dialect in _MYSQL and _CODE_COMMENT.search(sql):
        raise ParseError(
            "the statement holds a comment that the server would run (`/*!` or `/*+`)", help="write it as plain SQL"
        )
    if dialect in _STANDARD_UNICODE and _UNICODE_IDENTIFIER.search(sql):
        raise ParseError("the statement holds a `U&` escape", help="write the characters themselves")
    fault = None
    tokens: list[Any] = []
    try:
        tokens = tokens_of(sql, dialect)
    except _PARSER_FAULTS as error:
        fault = _place(error)
    if fault is not None:
        raise _unparsed(fault)
    return tokens


def encoded(sql: str) -> bytes:
    """`sql` as UTF-8.

    Raises:
        ParseError: a lone surrogate, which no engine could be sent.
    """
    try:
        return sql.encode()
    except UnicodeEncodeError:
        msg = "the statement is not valid Unicode"
        raise ParseError(msg, help="send UTF-8") from None


def _bound_tree(statement: exp.Expr, limits: SqlLimits) -> None:
    level: list[exp.Expr] = [statement]
    depth = relations = 0
    while level:
        depth += 1
        relations += sum(type(node) is exp.Table for node in level)
        if relations > limits.relations:
            raise shape.too_large("relations", limits.relations)
        if depth > limits.depth:
            raise shape.too_large("levels in its syntax tree", limits.depth)
        level = [child for node in level for child in node.iter_expressions()]


def _place(error: BaseException) -> tuple[int, int]:
    details = getattr(error, "errors", None) or [{}]
    return int(details[0].get("line") or 0), int(details[0].get("col") or 0)


def _unparsed(place: tuple[int, int]) -> ParseError:
    line, column = place
    where = f" at line {line}, column {column}" if line else ""
    return ParseError(f"the statement cannot be parsed{where}", help="check the syntax and the dialect of the source")


_parsing: ContextVar[bool] = ContextVar("guard_sql_parsing", default=False)


@contextmanager
def _silent_parser() -> Iterator[None]:
    """While guard parses, sqlglot's warnings stay out of the log: they print the statement with its literals."""
    token = _parsing.set(True)
    try:
        yield
    finally:
        _parsing.reset(token)


def _outside_guard(record: logging.LogRecord) -> bool:  # noqa: ARG001 - the signature of a logging filter
    return not _parsing.get()


logging.getLogger("sqlglot").addFilter(_outside_guard)
