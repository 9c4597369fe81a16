"""A statement as its text and tokens, and the shape that it shares with others: all but some literals.

Two statements of one shape differ only in literals that stand alone beside a comparison (`id = 7`, `IN (1, 2)`,
`BETWEEN 'a' AND 'b'`). Nothing that guard decides or writes hangs on those values: they are no position (`ORDER BY 1`),
no unit, pattern, path, length or bound. So what was decided and enforced for one holds for the other, with its own
values in their places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlglot.tokenizer_core import TokenType

_COMPARISONS: Final = frozenset({TokenType.EQ, TokenType.NEQ, TokenType.LT, TokenType.LTE, TokenType.GT, TokenType.GTE})
_AFTER: Final = frozenset(
    {
        TokenType.AND, TokenType.OR, TokenType.R_PAREN, TokenType.GROUP_BY, TokenType.ORDER_BY, TokenType.LIMIT,
        TokenType.HAVING, TokenType.UNION, TokenType.EXCEPT, TokenType.INTERSECT, TokenType.THEN,
    }
)  # fmt: skip
_LISTED: Final = frozenset({TokenType.COMMA, TokenType.R_PAREN})
_TEXT: Final = re.compile(r"'(?:[^'\\]|'')*'")
_WHOLE: Final = re.compile(r"[0-9]{1,18}")
# A text with a kind before its quote (`E'...'`) is a token of another kind.
_KINDS: Final = {TokenType.STRING: _TEXT, TokenType.NUMBER: _WHOLE}


class Lexed(NamedTuple):
    """One SQL text and its tokens, within the limits."""

    sql: str
    tokens: Sequence[Any]


class Shape(NamedTuple):
    """What statements have in common that differ in free literals: `key`, and the literals by token index."""

    key: tuple[str, ...]
    values: dict[int, str]


def shape_of(lexed: Lexed) -> Shape:
    """The shape of a statement; `values` are the literals that were left out of it, spelled as in the text."""
    sql, tokens = lexed
    key = [sql[token.start : token.end + 1] for token in tokens]
    values = free_literals(lexed)
    for at, spelled in values.items():
        key[at] = "?s" if spelled[0] == "'" else "?n"
    return Shape(tuple(key), values)


def free_literals(lexed: Lexed) -> dict[int, str]:
    """The literals on whose values nothing hangs, by token index, spelled as in the text."""
    sql, tokens = lexed
    kinds = [token.token_type for token in tokens]
    values: dict[int, str] = {}
    last = len(tokens) - 1
    listed = -1  # the last literal of an `IN (` of literals alone, as far as they were read
    for at, kind in enumerate(kinds):
        pattern = _KINDS.get(kind)
        if pattern is None:
            continue
        before = kinds[at - 1] if at else None
        after = kinds[at + 1] if at < last else None
        if before is TokenType.L_PAREN:
            free = in_list = at > 1 and kinds[at - 2] is TokenType.IN and after in _LISTED
        elif before is TokenType.COMMA:
            free = in_list = listed == at - 2 and after in _LISTED
        else:
            free, in_list = _stands_alone(kinds, at, before, after), False
        listed = at if in_list else -1
        if free:
            spelled = sql[tokens[at].start : tokens[at].end + 1]
            if pattern.fullmatch(spelled):
                values[at] = spelled
    return values


def _stands_alone(kinds: Sequence[TokenType], at: int, before: TokenType | None, after: TokenType | None) -> bool:
    """`... = literal`, `... BETWEEN literal AND literal`, with the end of the condition behind it."""
    if after is not None and after not in _AFTER:
        return False
    if before in _COMPARISONS:
        return True
    if before is TokenType.BETWEEN:
        return after is TokenType.AND
    return before is TokenType.AND and at > 2 and kinds[at - 2] in _KINDS and kinds[at - 3] is TokenType.BETWEEN


class Template(NamedTuple):
    """An enforced text in pieces, and which of them are literals of the statement: piece index to token index."""

    pieces: tuple[str, ...]
    slots: tuple[tuple[int, int], ...]

    def text(self) -> str:
        """The text for the statement that it was made of."""
        return "".join(self.pieces)

    def filled(self, values: dict[int, str]) -> str:
        """The text for another statement of the same shape."""
        pieces = list(self.pieces)
        for piece, token in self.slots:
            pieces[piece] = values[token]
        return "".join(pieces)
