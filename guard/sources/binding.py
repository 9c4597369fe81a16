"""Turns the named placeholders of an enforced query into a driver's own style.

Placeholders are found among the tokens of the dialect, so that text in literals, quoted names and comments is never
taken for one; the answer for a text is remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from sqlglot import Dialect
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from guard.errors import SourceError
from guard.model import EnforcedQuery, Sensitive

# $1 of PostgreSQL, $name of DuckDB, :name of SQLite, %(name)s of psycopg with every other % doubled
Style: TypeAlias = Literal["numbered", "dollar", "colon", "pyformat"]

REMEMBERED = 2048  # texts


class Bound:
    """SQL in the driver's style and the names in the order of their numbers."""

    __slots__ = ("names", "sql")

    def __init__(self, sql: str, names: tuple[str, ...]) -> None:
        self.sql = sql
        self.names = names

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """The bare values in the order of the numbers; the only place where a bound secret is revealed."""
        return [_bare(parameters[name]) for name in self.names]

    def mapping(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The bare values by name."""
        return {name: _bare(parameters[name]) for name in self.names}


def bind(query: EnforcedQuery, style: Style) -> Bound:
    """The query with its placeholders in `style`.

    Raises:
        SourceError: a placeholder has no value, or a value has no placeholder.
    """
    bound = _rewrite(query.sql, query.dialect, style, frozenset(query.parameters))
    missing = set(bound.names) ^ set(query.parameters)
    if missing:
        raise SourceError(f"placeholder and value of `{min(missing)}` do not match", help="bind each name once")
    return bound


@lru_cache(REMEMBERED)
def _rewrite(sql: str, dialect: str, style: Style, known: frozenset[str]) -> Bound:
    if "\0" in sql:
        raise SourceError("the statement holds a NUL character", help="remove it")
    if not known and style != "pyformat":
        return Bound(sql, ())
    parts: list[str] = []
    names: list[str] = []
    end = 0
    for name, start, stop in _placeholders(sql, dialect):
        if name not in known:
            continue
        if name not in names:
            names.append(name)
        parts += (_kept(sql[end:start], style), _spell(name, names.index(name) + 1, style))
        end = stop
    return Bound("".join((*parts, _kept(sql[end:], style))), tuple(names))


def _kept(text: str, style: Style) -> str:
    """Text between placeholders; psycopg looks for `%` in literals and comments too."""
    return text.replace("%", "%%") if style == "pyformat" else text


def _spell(name: str, number: int, style: Style) -> str:
    if style == "numbered":
        return f"${number}"
    if style == "pyformat":
        return f"%({name})s"
    return f"${name}" if style == "dollar" else f":{name}"


def _placeholders(sql: str, dialect: str) -> Iterator[tuple[str, int, int]]:
    """Name, start and end of `:name`, `$name` and `%(name)s`: the three spellings that sqlglot generates."""
    try:
        tokens = Dialect.get_or_raise(dialect).tokenize(sql)
    except TokenError:
        # The token error prints a part of the statement, and literals are data.
        raise SourceError("the enforced statement cannot be split into tokens") from None
    for at, token in enumerate(tokens):
        if token.token_type == TokenType.VAR and token.text.startswith("$"):  # SQLite reads `$name` as one token
            yield token.text[1:], token.start, token.end + 1
        elif token.token_type in (TokenType.COLON, TokenType.PARAMETER) and _adjoins(tokens, at):
            yield tokens[at + 1].text, token.start, tokens[at + 1].end + 1
        elif token.token_type == TokenType.MOD and _is_pyformat(tokens, at):
            yield tokens[at + 2].text, token.start, tokens[at + 4].end + 1


def _adjoins(tokens: Sequence[Token], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at + 1].start == tokens[at].end + 1


def _is_pyformat(tokens: Sequence[Token], at: int) -> bool:
    """`%(name)s` without a gap between its five tokens."""
    run = tokens[at : at + 5]
    return (
        len(run) == 5
        and all(_adjoins(run, index) for index in range(4))
        and run[1].token_type == TokenType.L_PAREN
        and run[3].token_type == TokenType.R_PAREN
        and run[4].text == "s"
    )


def _bare(value: Any) -> Any:
    return value.reveal() if isinstance(value, Sensitive) else value
