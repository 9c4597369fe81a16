"""OPA's intermediate representation as values; `plan_reader` reads it from JSON.

Reference: "Intermediate Representation (IR)" in OPA's documentation; the statements are those of
`v1/ir/ir.go`. Every statement becomes one `Statement` that lists what it reads, what it writes and the blocks in
it, so that the checks and the generator need no knowledge of thirty shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias


class Local(NamedTuple):
    """A local variable of a function, by number. 0 is the input and 1 the data."""

    number: int


class Const(NamedTuple):
    """A constant: a string, a number's literal turned into a number, true, false or null."""

    value: Any


Operand: TypeAlias = Local | Const
INPUT: Final = Local(0)
DATA: Final = Local(1)


@dataclass(slots=True)
class Statement:
    """One statement: its name without `Stmt`, operands read, locals written, blocks inside, and where it stands."""

    op: str
    reads: tuple[Operand, ...] = ()
    writes: tuple[int, ...] = ()
    blocks: tuple[list[Statement], ...] = ()
    name: str = ""  # the function called
    path: tuple[Any, ...] = ()  # With: keys; CallDynamic: how many of `reads` name the function
    index: int = 0  # Break: how many blocks to leave; AssignInt: the value
    place: Place | None = None


class Place(NamedTuple):
    """A place in a source file; rows and columns count from 1."""

    file: str
    row: int
    col: int

    def __str__(self) -> str:
        return f"{self.file}:{self.row}"


@dataclass(frozen=True, slots=True)
class Function:
    """A rule (two parameters: input and data) or a user's function (more)."""

    name: str
    path: tuple[str, ...]
    params: tuple[int, ...]
    result: int
    blocks: tuple[list[Statement], ...]

    @property
    def is_rule(self) -> bool:
        """True for a rule, whose value is the same all through one evaluation."""
        return len(self.params) == 2


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled query for one entry point."""

    name: str
    blocks: tuple[list[Statement], ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A whole plan file."""

    plans: tuple[Plan, ...]
    functions: dict[str, Function]
    metadata: Mapping[str, list[Any]] = field(default_factory=dict)  # what `rego.metadata.*` answers; see `metadata`


def walk(blocks: tuple[list[Statement], ...]) -> Iterator[Statement]:
    """All statements in the order of the program, those inside others included."""
    for block in blocks:
        for statement in block:
            yield statement
            yield from walk(statement.blocks)
