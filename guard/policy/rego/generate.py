"""Writes Python for a plan.

A rule or function of the policy becomes a Python function; locals become Python locals; undefined is `U`. A block
of IR ends early when a statement in it is undefined: it becomes `while True: ... break` where it can, and nothing
at all where its end is the end of what surrounds it. `m` is the memory of one evaluation: `m[0]` is the run (its
budget, clock, trace), the other places hold the values of rules, `N` meaning not yet asked for.

Nothing of the policy's text reaches the generated source except constants, and those through `repr`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from guard.policy.rego.answered import NOTHING, answered
from guard.policy.rego.emit import calls, formats, loops, tests, values
from guard.policy.rego.emit.function import FunctionWriter
from guard.policy.rego.emit.lines import Lines
from guard.policy.rego.expand import expand
from guard.policy.rego.hoist import hoist_paths
from guard.policy.rego.ir import Function, Local, Plan, Program, Statement, walk
from guard.policy.rego.simplify import simplify

StatementWriter = Callable[[FunctionWriter, Statement], Lines]
STATEMENTS: Final[Mapping[str, StatementWriter]] = {
    name.removeprefix("on_"): write
    for family in (values, tests, calls, formats, loops)
    for name, write in vars(family).items()
    if name.startswith("on_") and write.__module__ == family.__name__
}
"""How each statement is written, by its name in small letters; a statement is known by having its function."""


@dataclass(frozen=True, slots=True)
class Source:
    """Generated source and the constants it refers to by name.

    `parts` are executed in their order, in one scope. They are apart because Python's compiler holds the lock on the
    interpreter from end to end: compiled in one, a pack that is swapped under load would stop every decision.
    """

    parts: tuple[str, ...]
    constants: dict[str, Any]
    slots: int
    plans: dict[str, str]  # entry point -> name of the Python function
    finished: frozenset[str]  # entry points whose result is fresh JSON as it comes


def generate(program: Program, *, builtins: Mapping[str, Any], trace: bool = False) -> Source:
    """Python source for all plans and functions of a program; `builtins` names the functions that take the run."""
    writer = _Writer(program, builtins, trace=trace)
    return writer.source()


class _Writer:
    """The names and places that the functions of one program share."""

    def __init__(self, program: Program, builtins: Mapping[str, Any], *, trace: bool) -> None:
        self.program = program
        self.builtins = builtins
        self.trace = trace
        self.statements = STATEMENTS
        self.constants: dict[str, Any] = {}
        self.slots: dict[str, int] = {}
        self.names: dict[str, str] = {}
        for position, function in enumerate(program.functions.values()):
            self.names[function.name] = f"f{position}"
            if function.is_rule:
                self.slots[function.name] = len(self.slots) + 1
        self.first_path = len(self.slots) + 1
        self.answered = NOTHING
        self.paths: dict[tuple[int, tuple[str, ...]], int] = {}  # (input or data, keys) -> its place in the memory

    def source(self) -> Source:
        """The whole source."""
        parts: list[Lines] = []
        simple = {name: simplify(function) for name, function in self.program.functions.items()}
        if not self.trace:  # an explanation shows the value of every rule
            self.answered = answered(simple, self.program.plans)
            simple = expand(simple)
        hoisted = [replace(function, blocks=hoist_paths(function.blocks)) for function in simple.values()]
        parts += [FunctionWriter(self, function).lines() for function in hoisted]
        plans = {}
        for position, plan in enumerate(self.program.plans):
            plans[plan.name] = f"p{position}"
            parts.append(FunctionWriter(self, self._plan_function(plan), name=f"p{position}").lines())
        table = [
            f" {'.'.join(function.path[1:])!r}: ({self.names[function.name]}, {self.slots.get(function.name, 0)}),"
            for function in self.program.functions.values()
        ]
        parts.append(["DYNAMIC.update({", *table, "})"])
        texts = tuple("\n".join(lines) + "\n" for lines in parts)
        return Source(texts, self.constants, self.first_path + len(self.paths), plans, self.answered.plans)

    def _plan_function(self, plan: Plan) -> Function:
        highest = max(
            (n for s in walk(plan.blocks) for n in (*s.writes, *(o.number for o in s.reads if type(o) is Local))),
            default=1,
        )
        return Function(plan.name, (), (0, 1), highest + 1, plan.blocks)

    def constant(self, value: Any) -> str:
        """A literal for a constant, or a name where there is none."""
        return self.named(value) if isinstance(value, Decimal) else repr(value)

    def named(self, value: Any) -> str:
        """A name for a constant that has no literal."""
        name = f"K{len(self.constants)}"
        self.constants[name] = value
        return name
