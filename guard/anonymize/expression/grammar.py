"""The grammar of a mask, and its strict parser.

    text      = "{col}" | 'literal' | concat(text, ...) | left(text, n) | right(text, n) | substring(text, from, count)
              | before(text, 'literal') | after(text, 'literal') | repeat('c', number) | if(condition, text, text)
    number    = n | length(text) | number - n
    condition = number < number (also <= > >= = <>) | contains(text, 'literal') | starts_with(text, 'literal')

Every function is total and counts code points; `number - n` stops at 0; `before` and `after` look for the first
occurrence and are empty without one. There is no other name, no operator, no comment and no way to say another column,
and nothing of it reaches SQL as text: the forms are built from these nodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, get_args

from guard.anonymize.expression.nodes import (
    After,
    Before,
    Choice,
    Column,
    Compared,
    Comparison,
    Concat,
    ConditionNode,
    Contains,
    Left,
    Length,
    Less,
    Number,
    NumberNode,
    Repeat,
    Right,
    StartsWith,
    Substring,
    Text,
    TextNode,
    copies,
    shows,
)
from guard.errors import PlanError

MAX_TEXT: Final = 1_000  # characters of an expression
MAX_DEPTH: Final = 12
MAX_NODES: Final = 60
MAX_COUNT: Final = 1_000  # of characters, in any literal number
MAX_LITERAL: Final = 200  # characters
MAX_COPIES: Final = 300  # of the column in the SQL form, where a part of a part stands several times

_TOKEN: Final = re.compile(
    r"[ \n\t]*(?:(?P<column>\{col\})|(?P<text>'(?:[^'\\\x00-\x1f\x7f]|'')*')|(?P<number>[0-9]{1,4})(?![0-9a-z_])"
    r"|(?P<name>[a-z_]+)|(?P<sign><=|>=|<>|[<>=(),-]))"
)
_HELP: Final = "use concat, left, right, substring, before, after, repeat, length, if, contains, starts_with over {col}"


def parse(text: str) -> TextNode:
    """The expression; names are lower case, texts stand in single quotes, a quote inside is doubled.

    Raises:
        PlanError: it is no such expression, or it is too large, or it would show a whole value as it is.
    """
    if len(text) > MAX_TEXT:
        raise _wrong(f"is longer than {MAX_TEXT} characters")
    node = _Parser(list(_tokens(text))).whole()
    if copies(node) > MAX_COPIES:
        raise _wrong("takes parts of parts too often", "say the same with fewer functions inside each other")
    if shows(node):
        raise PlanError(
            "the mask's `text` shows the column as it is", help="let it take a part of {col}, or put no mask on it"
        )
    return node


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(text.rstrip(" \n\t"))
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise _wrong(f"is not understood from character {at + 1} on")
        yield found.lastgroup or "", found[found.lastgroup or 0]
        at = found.end()


class _Parser:
    """Recursive descent over the tokens; depth and the number of nodes are bounded."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._nodes = 0
        self._depth = 0

    def whole(self) -> TextNode:
        node = self._text()
        if self._at != len(self._tokens):
            raise _wrong("goes on after its end")
        return node

    def _text(self) -> TextNode:
        self._enter()
        kind, word = self._next()
        node: TextNode
        if kind == "column":
            node = Column()
        elif kind == "text":
            node = Text(_unquoted(word))
        elif kind == "name" and word in self._FUNCTIONS:
            self._take("(")
            node = self._FUNCTIONS[word](self)
            self._take(")")
        else:
            raise _wrong(f"has `{word}` where a text is needed" if kind == "name" else "lacks a text")
        self._depth -= 1
        return node

    def _concat(self) -> Concat:
        parts = [self._text()]
        while self._is(","):
            self._take(",")
            parts.append(self._text())
        return Concat(tuple(parts))

    def _left(self) -> Left:
        return Left(self._text(), self._count_after())

    def _right(self) -> Right:
        return Right(self._text(), self._count_after())

    def _substring(self) -> Substring:
        inner, start, count = self._text(), self._count_after(), self._count_after()
        if start < 1:
            raise _wrong("counts characters from 0", "the first character is 1")
        return Substring(inner, start, count)

    def _before(self) -> Before:
        return Before(self._text(), self._needle())

    def _after(self) -> After:
        return After(self._text(), self._needle())

    def _repeat(self) -> Repeat:
        kind, word = self._next()
        character = _unquoted(word) if kind == "text" else ""
        if len(character) != 1:
            raise _wrong("repeats what is not one character")
        self._take(",")
        return Repeat(character, self._number())

    def _choice(self) -> Choice:
        condition = self._condition()
        self._take(",")
        then = self._text()
        self._take(",")
        return Choice(condition, then, self._text())

    _FUNCTIONS: Final[dict[str, Callable[[_Parser], TextNode]]] = {
        "concat": _concat,
        "left": _left,
        "right": _right,
        "substring": _substring,
        "before": _before,
        "after": _after,
        "repeat": _repeat,
        "if": _choice,
    }

    def _condition(self) -> ConditionNode:
        name = self._tokens[self._at][1] if self._at < len(self._tokens) else ""
        if name in {"contains", "starts_with"}:
            self._next()
            self._take("(")
            inner, needle = self._text(), self._needle()
            self._take(")")
            return Contains(inner, needle) if name == "contains" else StartsWith(inner, needle)
        left = self._number()
        kind, sign = self._next()
        known = next((one for one in get_args(Comparison) if one == sign), None)
        if kind != "sign" or known is None:
            raise _wrong("lacks a comparison of numbers")
        return Compared(left, known, self._number())

    def _number(self) -> NumberNode:
        self._enter()
        kind, word = self._next()
        node: NumberNode
        if kind == "number":
            node = Number(_count(word))
        elif word == "length":
            self._take("(")
            node = Length(self._text())
            self._take(")")
        else:
            raise _wrong("lacks a number")
        while self._is("-"):
            self._take("-")
            node = Less(node, self._count())
        self._depth -= 1
        return node

    def _count(self) -> int:
        kind, word = self._next()
        if kind != "number":
            raise _wrong("lacks a literal number")
        return _count(word)

    def _count_after(self) -> int:
        self._take(",")
        return self._count()

    def _needle(self) -> str:
        self._take(",")
        kind, word = self._next()
        if kind != "text" or word == "''":
            raise _wrong("looks for what is not a literal text")
        return _unquoted(word)

    def _enter(self) -> None:
        self._nodes += 1
        self._depth += 1
        if self._nodes > MAX_NODES or self._depth > MAX_DEPTH:
            raise _wrong("is too large", f"at most {MAX_NODES} parts, nested at most {MAX_DEPTH} deep")

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise _wrong("ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _is(self, sign: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] == ("sign", sign)

    def _take(self, sign: str) -> None:
        if not self._is(sign):
            raise _wrong(f"lacks a `{sign}`")
        self._at += 1


def _unquoted(word: str) -> str:
    text = word[1:-1].replace("''", "'")
    if len(text) > MAX_LITERAL:
        raise _wrong(f"has a literal of more than {MAX_LITERAL} characters")
    return text


def _count(word: str) -> int:
    count = int(word)
    if count > MAX_COUNT:
        raise _wrong(f"counts beyond {MAX_COUNT}")
    return count


def _wrong(what: str, cure: str = _HELP) -> PlanError:
    return PlanError(f"the mask's `text` {what}", help=cure)
