"""What a builtin is: a Rego name, a Python function and the types of its operands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from guard.policy.rego.errors import OperandError
from guard.policy.rego.values import type_name

TYPES: Final[dict[str, frozenset[type]]] = {
    "string": frozenset({str}),
    "number": frozenset({int, float, Decimal}),
    "boolean": frozenset({bool}),
    "null": frozenset({type(None)}),
    "array": frozenset({list}),
    "object": frozenset({dict}),
    "set": frozenset({set}),
}


_Wanted = tuple[int, str, frozenset[type]]  # position from 1, type in words, Python types


@dataclass(frozen=True, slots=True)
class Builtin:
    """A builtin function.

    Attributes:
        name: as policies write it, such as `strings.reverse`.
        arity: how many operands it takes.
        function: the function with its operands checked; takes the run first when `needs_run`.
        needs_run: it asks for the time, randomness or what else belongs to one evaluation.
        home: the module it stands in.
    """

    name: str
    arity: int
    function: Callable[..., Any]
    needs_run: bool
    home: str

    def __call__(self, *operands: Any) -> Any:
        return self.function(*operands)


def builtin(name: str, *types: str, needs_run: bool = False) -> Callable[[Callable[..., Any]], Builtin]:
    """Makes a function a builtin. A type is `any` or names joined by `|`, one for each operand."""
    wanted = [(position, text, _kinds(text)) for position, text in enumerate(types, 1) if text != "any"]

    def decorate(function: Callable[..., Any]) -> Builtin:
        checked = _checked(name, function, wanted, 1 if needs_run else 0)
        return Builtin(name, len(types), checked, needs_run, function.__module__)

    return decorate


def _checked(name: str, function: Callable[..., Any], wanted: list[_Wanted], skip: int) -> Callable[..., Any]:
    """The function with its operands checked; one and two operands, which are most, without a loop."""
    if not wanted:
        return function
    if skip == 0 and [position for position, _, _ in wanted] == [1]:
        _, only, kinds = wanted[0]

        def checked_first(first: Any, *rest: Any) -> Any:
            if type(first) not in kinds:
                raise wrong_type(name, 1, only, first)
            return function(first, *rest)

        return checked_first
    if skip == 0 and [position for position, _, _ in wanted] == [1, 2]:
        (_, one, left), (_, two, right) = wanted

        def checked_both(first: Any, second: Any, *rest: Any) -> Any:
            if type(first) not in left:
                raise wrong_type(name, 1, one, first)
            if type(second) not in right:
                raise wrong_type(name, 2, two, second)
            return function(first, second, *rest)

        return checked_both

    def checked(*operands: Any) -> Any:
        for position, text, kinds in wanted:
            if type(operands[position - 1 + skip]) not in kinds:
                raise wrong_type(name, position, text, operands[position - 1 + skip])
        return function(*operands)

    return checked


def _kinds(text: str) -> frozenset[type]:
    return frozenset().union(*(TYPES[part] for part in text.split("|")))


def wrong_type(name: str, position: int, wanted: str, got: Any) -> OperandError:
    """The error for an operand of another type than the builtin takes."""
    return OperandError(f"`{name}`: operand {position} must be {wanted.replace('|', ' or ')} but is {type_name(got)}")


def wrong_element(name: str, position: int, outer: str, wanted: str, got: Any) -> OperandError:
    """The error for an operand that holds an element of the wrong type."""
    return OperandError(f"`{name}`: operand {position} must be {outer} of {wanted}s but holds {type_name(got)}")
