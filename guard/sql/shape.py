"""The shape of a token list, checked in one pass before the parser recurses over it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

from sqlglot.tokenizer_core import TokenType

from guard.errors import ParseError
from guard.sql.identifiers import trouble
from guard.sql.limits import SqlLimits

_OPEN = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSE = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END})
_SET_OPERATIONS = frozenset({TokenType.UNION, TokenType.EXCEPT, TokenType.INTERSECT})
_CONDITIONED = frozenset({TokenType.ON, TokenType.USING, TokenType.MATCH_CONDITION})
_UNCONDITIONAL = frozenset({TokenType.CROSS, TokenType.NATURAL, TokenType.POSITIONAL})
_JOINS = frozenset({TokenType.JOIN, TokenType.STRAIGHT_JOIN, TokenType.APPLY})
_ENDS_ANGLES = frozenset({TokenType.AND, TokenType.OR, TokenType.WHERE})
_STRINGS = frozenset(
    {
        TokenType.STRING,
        TokenType.NATIONAL_STRING,
        TokenType.NATIONAL_RAW_STRING,
        TokenType.RAW_STRING,
        TokenType.HEREDOC_STRING,
        TokenType.UNICODE_STRING,
        TokenType.BYTE_STRING,
        TokenType.BIT_STRING,
        TokenType.HEX_STRING,
    }
)
_OPERANDS = _STRINGS | {
    TokenType.VAR,
    TokenType.IDENTIFIER,
    TokenType.NUMBER,
    TokenType.NULL,
    TokenType.TRUE,
    TokenType.FALSE,
    TokenType.R_PAREN,
    TokenType.R_BRACKET,
    TokenType.R_BRACE,
    TokenType.COMMA,
    TokenType.STAR,
    TokenType.END,
    TokenType.PARAMETER,
    TokenType.PLACEHOLDER,
}
# What a token costs beyond itself, in tokens; measured on parsing, facts, rewriting and proof (bench hostile-size).
_WEIGHTS = {
    TokenType.SELECT: 60,
    TokenType.OVER: 12,
    TokenType.L_BRACKET: 30,
    TokenType.INTERVAL: 10,
    TokenType.WHEN: 8,
    TokenType.BETWEEN: 6,
    TokenType.ALIAS: 8,
    TokenType.DCOLON: 4,
}
_SPACES = re.compile(r"[^\x00-\x7f]")


def check(tokens: Sequence[Any], sql: str, limits: SqlLimits) -> None:
    """Refuses token lists that the parser could not survive, and identifiers that could be mistaken for others.

    Raises:
        ParseError: a limit is passed, or an identifier is refused; the message names the limit, never the text.
    """
    if len(tokens) > limits.tokens:
        raise too_large("tokens", limits.tokens)
    kinds = [token.token_type for token in tokens]
    _bound_recursion(kinds, limits)
    _bound_counts(kinds, limits)
    if not sql.isascii():
        _check_identifiers(tokens, sql)


def too_large(what: str, limit: int) -> ParseError:
    """The error for a passed limit."""
    return ParseError(
        f"the statement has more than {limit:,} {what}",
        help="split the statement, or bind a long list as a parameter",
        gap="too_large",
    )


def _bound_recursion(kinds: Sequence[TokenType], limits: SqlLimits) -> None:
    """A bound that even the sum of all openers does not reach need not be counted out."""
    count = kinds.count
    if sum(map(count, _OPEN)) > limits.nesting:
        _bound_nesting(kinds, limits)
    if count(TokenType.LT) > limits.depth:
        _bound_angles(kinds, limits)
    if len(kinds) > limits.prefixes:
        run = 0
        for kind in kinds:
            if kind in _OPERANDS:
                run = 0
            else:
                run += 1
                if run > limits.prefixes:
                    raise too_large("keywords or operators in a row", limits.prefixes)


def _bound_nesting(kinds: Sequence[TokenType], limits: SqlLimits) -> None:
    depth = 0
    for kind in kinds:
        if kind in _OPEN:
            depth += 1
            if depth > limits.nesting:
                raise too_large("levels of nesting", limits.nesting)
        elif kind in _CLOSE:
            depth = max(0, depth - 1)


def _bound_angles(kinds: Sequence[TokenType], limits: SqlLimits) -> None:
    angles = 0
    for kind in kinds:
        if kind is TokenType.LT:
            angles += 1
        elif kind is TokenType.GT:
            angles = max(0, angles - 1)
        elif kind in _ENDS_ANGLES:
            angles = 0
        if angles > limits.depth:
            raise too_large("open angle brackets", limits.depth)


def _bound_counts(kinds: Sequence[TokenType], limits: SqlLimits) -> None:
    count = kinds.count
    if len(kinds) + sum(weight * count(kind) for kind, weight in _WEIGHTS.items()) > limits.work:
        raise too_large("units of work (a token is one, a SELECT sixty)", limits.work)
    if sum(map(count, _SET_OPERATIONS)) > limits.set_operations:
        raise too_large("set operations", limits.set_operations)
    if count(TokenType.L_BRACKET) > limits.subscripts:
        _bound_subscripts(kinds, limits)
    joins = sum(map(count, _JOINS))
    if joins > limits.joins:
        raise too_large("joins", limits.joins)
    if joins > limits.bare_joins:
        bare = sum(
            not any(word in _UNCONDITIONAL for word in kinds[max(0, index - 3) : index])
            for index, kind in enumerate(kinds)
            if kind in _JOINS
        )
        if bare - sum(map(count, _CONDITIONED)) > limits.bare_joins:
            raise too_large("joins without a condition", limits.bare_joins)
    if count(TokenType.ALIAS) > limits.ctes:
        pairs = itertools.pairwise(kinds)
        if sum(pair == (TokenType.ALIAS, TokenType.L_PAREN) for pair in pairs) > limits.ctes:
            raise too_large("common table expressions", limits.ctes)


def _bound_subscripts(kinds: Sequence[TokenType], limits: SqlLimits) -> None:
    """`a[1][1][1]...`: the parser copies what stands before each of them."""
    run = 0
    for kind, following in itertools.pairwise(kinds):
        if kind is TokenType.R_BRACKET and following is TokenType.L_BRACKET:
            run += 1
            if run > limits.subscripts:
                raise too_large("subscripts in a row", limits.subscripts)
        elif kind is TokenType.COMMA:
            run = 0


def _check_identifiers(tokens: Sequence[Any], sql: str) -> None:
    """Names must be what they look like; between tokens (comments aside) there is nothing but ASCII."""
    end = 0
    comments = False
    for token in tokens:
        between = sql[end : token.start]
        if _SPACES.search(between) and not (comments or token.comments):
            raise ParseError(
                f"line {token.line}: a space-like character that is not ASCII stands between two words",
                help="use ordinary spaces; engines disagree on what such a character means",
            )
        if token.token_type not in _STRINGS and (reason := trouble(token.text)):
            raise ParseError(
                f"line {token.line}, column {token.col}: an identifier {reason}",
                help="spell the name as the catalogue does, in one alphabet",
            )
        end = token.end + 1
        comments = bool(token.comments)
