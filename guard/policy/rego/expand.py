"""Puts small functions that only say "yes" into the loops that ask them.

`above(set)` in `[set.id | some set in input.label_sets; above(set)]` costs a call for each element. A function that
can only be true, small and without `with`, becomes one `Exists` in the place of its call: its bodies in turn, each
left at the first success by `Found`. Its locals get numbers of their own, for it may be expanded more than once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from guard.policy.rego.flow import Flow
from guard.policy.rego.ir import Const, Function, Local, Operand, Statement, walk

MAX_STATEMENTS: Final = 60
MAX_DEPTH: Final = 10  # nested blocks after the expansion; the generator can nest 16
MAX_ROUNDS: Final = 3  # a function that asks a function that asks a function
LEAVING: Final = frozenset({"ReturnLocal", "With", "Break", "CallDynamic", "AssignVarOnce", "ResultSetAdd"})
Blocks = tuple[list[Statement], ...]


def expand(functions: Mapping[str, Function]) -> dict[str, Function]:
    """The functions with the calls in them expanded where that is possible, and the calls in what was put there."""
    for _ in range(MAX_ROUNDS):
        functions = _round(functions)
    return dict(functions)


def _round(functions: Mapping[str, Function]) -> dict[str, Function]:
    bodies = {name: body for name, one in functions.items() if (body := _yes_only(one)) is not None}
    highest = max((number for one in functions.values() for number in _numbers(one)), default=1)
    return {name: _Expansion(functions, bodies, one, highest + 1).function() for name, one in functions.items()}


def _yes_only(function: Function) -> Blocks | None:
    """The bodies of a function whose only value is true; None for any other."""
    if function.is_rule or len(function.blocks) < 2:
        return None
    *bodies, end = function.blocks
    if [statement.op for statement in end if statement.op != "IsDefined"] != ["ReturnLocal"]:
        return None
    kept = tuple([[one for one in body if not _resets(one, function)] for body in bodies])
    kept = tuple([body for body in kept if body])
    size = 0
    for statement in walk(kept):
        size += 1
        returns = statement.op == "ReturnConstant"
        if statement.op in LEAVING or (function.result in statement.writes and not returns):
            return None
        if any(Local(function.result) == operand for operand in statement.reads):
            return None
        if returns and (type(statement.reads[0]) is not Const or statement.reads[0].value is not True):
            return None
    return kept if size <= MAX_STATEMENTS else None


def _resets(statement: Statement, function: Function) -> bool:
    return statement.op == "ResetLocal" and statement.writes == (function.result,)


def _numbers(function: Function) -> list[int]:
    found = [*function.params, function.result]
    for statement in walk(function.blocks):
        found += [*statement.writes, *(one.number for one in statement.reads if type(one) is Local)]
    return found


def depth(blocks: Blocks) -> int:
    """How deeply blocks are nested."""
    return max((1 + depth(one.blocks) for block in blocks for one in block if one.blocks), default=0)


class _Expansion:
    """One function being expanded; `next` is the first number that is free in it."""

    def __init__(
        self, functions: Mapping[str, Function], bodies: dict[str, Blocks], function: Function, free: int
    ) -> None:
        self.functions = functions
        self.bodies = bodies
        self.old = function
        self.free = free
        self.flow = Flow(function.blocks, function.params)

    def function(self) -> Function:
        return replace(self.old, blocks=self._blocks(self.old.blocks, 0))

    def _blocks(self, blocks: Blocks, level: int) -> Blocks:
        return tuple([[self._statement(one, level) for one in block] for block in blocks])

    def _statement(self, statement: Statement, level: int) -> Statement:
        body = self.bodies.get(statement.name) if statement.op == "Check" else None
        if body is None or level == 0 or level + 1 + depth(body) > MAX_DEPTH:
            if statement.op == "With":
                return statement
            return replace(statement, blocks=self._blocks(statement.blocks, level + 1))
        called = self.functions[statement.name]
        if len(statement.reads) < len(called.params) or statement.reads[:2] != (Local(0), Local(1)):
            return statement
        names: dict[int, Operand] = {0: Local(0), 1: Local(1)}
        for number, operand in zip(called.params[2:], statement.reads[2:], strict=False):
            if type(operand) is Local and not self._certain(operand, statement):
                return statement
            names[number] = operand
        if called.params[:2] != (0, 1) or any(set(one.writes) & set(called.params) for one in walk(body)):
            return statement
        return Statement("Exists", blocks=self._renamed(body, names), place=statement.place)

    def _certain(self, operand: Local, statement: Statement) -> bool:
        """True for a local that has its one value at the call."""
        return operand.number in self.flow.sure[id(statement)] and self.flow.single(operand.number)

    def _renamed(self, blocks: Blocks, names: dict[int, Operand]) -> Blocks:
        return tuple([[self._rename(one, names) for one in block] for block in blocks])

    def _rename(self, statement: Statement, names: dict[int, Operand]) -> Statement:
        if statement.op == "ReturnConstant":
            return Statement("Found", place=statement.place)
        for number in statement.writes:
            if number not in names:
                names[number] = Local(self.free)
                self.free += 1
        writes = tuple([self._number(number, names) for number in statement.writes])
        reads = tuple([names.get(one.number, one) if type(one) is Local else one for one in statement.reads])
        return replace(statement, reads=reads, writes=writes, blocks=self._renamed(statement.blocks, names))

    def _number(self, number: int, names: dict[int, Operand]) -> int:
        found = names[number]
        return found.number if type(found) is Local else number
