"""What a mask's expression is made of."""

from __future__ import annotations

from typing import Literal, TypeAlias

from guard.model import Value

Comparison: TypeAlias = Literal["<", "<=", ">", ">=", "=", "<>"]


class Column(Value, frozen=True):
    """`{col}`: the value of the column."""


class Text(Value, frozen=True):
    """A literal."""

    value: str


class Concat(Value, frozen=True):
    """One text behind the other."""

    parts: tuple[TextNode, ...]


class Left(Value, frozen=True):
    """The first `count` characters; all of a shorter text."""

    inner: TextNode
    count: int


class Right(Value, frozen=True):
    """The last `count` characters; all of a shorter text."""

    inner: TextNode
    count: int


class Substring(Value, frozen=True):
    """`count` characters from the 1-based `start`, as far as there are any."""

    inner: TextNode
    start: int
    count: int


class Before(Value, frozen=True):
    """What stands before the first `needle`; empty without one."""

    inner: TextNode
    needle: str


class After(Value, frozen=True):
    """What stands behind the first `needle`; empty without one."""

    inner: TextNode
    needle: str


class Repeat(Value, frozen=True):
    """One character, `count` times."""

    character: str
    count: NumberNode


class Choice(Value, frozen=True):
    """`then` where the condition holds, else `otherwise`."""

    condition: ConditionNode
    then: TextNode
    otherwise: TextNode


class Number(Value, frozen=True):
    """A literal number."""

    value: int


class Length(Value, frozen=True):
    """The number of characters."""

    inner: TextNode


class Less(Value, frozen=True):
    """`inner` less `count`, not below 0."""

    inner: NumberNode
    count: int


class Compared(Value, frozen=True):
    """A comparison of numbers."""

    left: NumberNode
    sign: Comparison
    right: NumberNode


class Contains(Value, frozen=True):
    """The needle occurs; by code points."""

    inner: TextNode
    needle: str


class StartsWith(Value, frozen=True):
    """The text begins with the needle; by code points."""

    inner: TextNode
    needle: str


TextNode: TypeAlias = Column | Text | Concat | Left | Right | Substring | Before | After | Repeat | Choice
NumberNode: TypeAlias = Number | Length | Less
ConditionNode: TypeAlias = Compared | Contains | StartsWith


def shows(node: TextNode) -> bool:
    """Whether the whole column stands in a result, whatever its value."""
    match node:
        case Column():
            return True
        case Concat(parts=parts):
            return any(shows(part) for part in parts)
        case Choice(then=then, otherwise=otherwise):
            return shows(then) or shows(otherwise)
    return False


def copies(node: TextNode | NumberNode | ConditionNode) -> int:
    """How many leaves the SQL form has: an engine has no names for parts, so some stand there several times."""
    match node:
        case Concat(parts=parts):
            return sum(copies(part) for part in parts)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return copies(condition) + copies(then) + copies(otherwise)
        case Compared(left=left, right=right):
            return copies(left) + copies(right)
        case Right(inner=text):
            return 4 * copies(text)
        case Before(inner=text) | After(inner=text):
            return 4 * copies(text)
        case Less(inner=number) | Repeat(count=number):
            return 2 * copies(number)
        case Left(inner=text) | Substring(inner=text) | Length(inner=text) | Contains(inner=text):
            return copies(text)
        case StartsWith(inner=text):
            return copies(text)
    return 1
