"""Expressions for what policies do most: look up, compare, test membership.

Each text tries the common type first and falls back to the general function, so a rule over strings and integers
costs what the same Python would. The general functions are in `runtime` and `values`; both ways must agree, and
the differential tests hold them to it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from guard.policy.rego.ir import Const, Local, Operand

ORDER: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
TEXT_TESTS: Final = {"startswith": "{0}.startswith({1})", "endswith": "{0}.endswith({1})", "contains": "{1} in {0}"}


def dot(source: str, key: str, operand: Operand, finder: str) -> str:
    """`source[key]`, or `U`; `finder` is the general function."""
    if type(operand) is Const:
        if type(operand.value) is not str:
            return f"{finder}({source}, {key})"
        return f"{source}.get({key}, U) if type({source}) is dict else {finder}({source}, {key})"
    return f"{source}.get({key}, U) if type({source}) is dict and type({key}) is str else {finder}({source}, {key})"


def embedded(text: str, operand: Operand, kind: str) -> str:
    """The value as an element of a set or key of an object; `kind` is its type where it is known."""
    if kind in {"dict", "list", "set"}:
        return f"Boxed({text})"
    if type(operand) is Const:
        return text if operand.value is None or type(operand.value) is not bool else f"embed({text})"
    return f"{text} if type({text}) is str or type({text}) is int else embed({text})"


def same(a: str, b: str, kind: str, operand: Operand) -> str:
    """A condition: `a` and `b` are equal; `kind` is the type of `b` where it is known."""
    if type(operand) is Const:
        if kind == "str":
            return f"{a} == {b}"
        if kind in {"bool", "NoneType"}:
            return f"{a} is {b}"
        if kind in {"int", "float"}:
            return f"type({a}) is not bool and {a} == {b}"
    return f"({a} == {b} if type({a}) is str else eq({a}, {b}))"


def unequal(a: str, b: str, kind: str, operand: Operand) -> str:
    """A condition: `a` and `b` differ."""
    if type(operand) is Const:
        if kind == "str":
            return f"{a} != {b}"
        if kind in {"bool", "NoneType"}:
            return f"{a} is not {b}"
        if kind in {"int", "float"}:
            return f"type({a}) is bool or {a} != {b}"
    return f"({a} != {b} if type({a}) is str else not eq({a}, {b}))"


def condition(
    name: str, arguments: Sequence[str], operands: Sequence[Operand], asked: Collection[int] = ()
) -> str | None:
    """A condition for a builtin whose result only has to be other than false; None where a call is as good.

    `asked` are locals for which a flag `h...` says already whether they are an array or a set.
    """
    if name in ORDER and len(arguments) == 2:
        return _order(ORDER[name], arguments, operands)
    if name == "equal":
        return f"({same(arguments[0], arguments[1], _kind(operands[1]), operands[1])})"
    if name == "neq":
        return f"({unequal(arguments[0], arguments[1], _kind(operands[1]), operands[1])})"
    if name == "internal.member_2":
        return _member(arguments, operands, asked)
    if name in TEXT_TESTS:
        test = TEXT_TESTS[name].format(*arguments)
        call = f"holds(B[{name!r}]({', '.join(arguments)}))"
        return f"({test} if {_all_are('str', arguments, operands)} else {call})"
    return None


def call(name: str, arguments: Sequence[str]) -> str | None:
    """An expression for the value of a builtin; None where a call is as good."""
    if name in {"plus", "minus"}:
        sign = "+" if name == "plus" else "-"
        a, b = arguments
        return f"{a} {sign} {b} if type({a}) is int and type({b}) is int else B[{name!r}]({a}, {b})"
    if name == "count":
        (items,) = arguments
        known = f"type({items}) is list or type({items}) is set or type({items}) is dict"
        return f"len({items}) if {known} else B['count']({items})"
    if name in {"max", "min"}:
        (items,) = arguments
        known = f"{items} and (type({items}) is set or type({items}) is list) and whole(map(type, {items}))"
        return f"{name}({items}) if {known} else B[{name!r}]({items})"
    if name == "or":
        a, b = arguments
        return f"{a} | {b} if type({a}) is set and type({b}) is set else B['or']({a}, {b})"
    if name == "object.get" and arguments[1].startswith("'"):
        found, key, default = arguments
        return f"{found}.get({key}, {default}) if type({found}) is dict else B['object.get']({found}, {key}, {default})"
    if name == "equal":
        return f"eq({', '.join(arguments)})"
    if name == "neq":
        return f"not eq({', '.join(arguments)})"
    if name in ORDER:
        return f"compare({', '.join(arguments)}) {ORDER[name]} 0"
    if name == "internal.member_2":
        return f"member({', '.join(arguments)})"
    return None


def _kind(operand: Operand) -> str:
    return type(operand.value).__name__ if type(operand) is Const else ""


def _order(sign: str, arguments: Sequence[str], operands: Sequence[Operand]) -> str:
    a, b = arguments
    return f"({a} {sign} {b} if {_all_are('int', arguments, operands)} else compare({a}, {b}) {sign} 0)"


def _member(arguments: Sequence[str], operands: Sequence[Operand], asked: Collection[int]) -> str:
    item, items = arguments
    operand = operands[1]
    known = type(operand) is Local and operand.number in asked
    seen = f"h{items[1:]}" if known else f"(type({items}) is list or type({items}) is set)"
    if _kind(operands[0]) != "str":
        seen = f"type({item}) is str and {seen}"
    return f"({item} in {items} if {seen} else member({item}, {items}))"


def _all_are(kind: str, arguments: Sequence[str], operands: Sequence[Operand]) -> str:
    """A condition: every argument that is not such a constant has the type."""
    tests = [
        f"type({text}) is {kind}" for text, operand in zip(arguments, operands, strict=True) if _kind(operand) != kind
    ]
    return " and ".join(tests) or "True"
