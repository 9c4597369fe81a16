"""What must be true of a plan before it may decide: no unknown builtin, no unsafe variable, no recursion.

The compiler lets all three pass in silence and the policy would then be undefined where its author expected a
denial; so each is an error when the policy is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from guard.errors import PolicyError
from guard.policy.rego.builtins.registry import Builtin
from guard.policy.rego.flow import Flow
from guard.policy.rego.ir import Const, Function, Program, Statement, walk
from guard.policy.rego.metadata import BUILTINS

REFUSED = {
    "http.send": "the engine has no network; hand the facts over as data or input",
    "net.lookup_ip_addr": "the engine has no network; hand the address over as input",
}


def check_program(program: Program, builtins: Mapping[str, Builtin]) -> None:
    """Checks the whole plan.

    Raises:
        PolicyError: naming file, line and cure.
    """
    for function in program.functions.values():
        _check_calls(function.blocks, program, builtins)
        _check_safety(function)
    for plan in program.plans:
        _check_calls(plan.blocks, program, builtins)
    _check_recursion(program)


def _check_calls(blocks: tuple[list[Statement], ...], program: Program, builtins: Mapping[str, Builtin]) -> None:
    for statement in walk(blocks):
        if statement.op != "Call":
            continue
        function = program.functions.get(statement.name)
        if function is not None:
            if not function.is_rule:  # a rule may stand for a function under `with`
                _check_arity(statement, len(function.params))
            continue
        if statement.name in BUILTINS and not statement.reads:
            continue  # answered when the policy was compiled
        found = builtins.get(statement.name)
        if found is None:
            raise _unknown(statement)
        if statement.name.startswith("graphql.") and find_spec("graphql") is None:
            raise PolicyError(
                f"{_at(statement)}the builtin `{statement.name}` needs a library that is not installed",
                help="install the extra: `pip install guard[graphql]`",
            )
        _check_arity(statement, found.arity)


def check_rules_take_nothing(program: Program) -> None:
    """Checks that no rule is called like a function; only modules that use `with` may come out like that.

    Raises:
        PolicyError: naming file, line and cure.
    """
    for function in program.functions.values():
        for statement in walk(function.blocks):
            callee = program.functions.get(statement.name) if statement.op == "Call" else None
            if callee is not None:
                _check_arity(statement, len(callee.params))


def _check_arity(statement: Statement, wanted: int) -> None:
    if len(statement.reads) != wanted:
        raise PolicyError(
            f"{_at(statement)}`{_shown(statement.name)}` is called with the wrong number of arguments",
            help="compare the call with the function's definition",
        )


def _unknown(statement: Statement) -> PolicyError:
    name = _shown(statement.name)
    if statement.name in REFUSED:
        return PolicyError(
            f"{_at(statement)}the builtin `{name}` is not available in the embedded engine",
            help=REFUSED[statement.name],
        )
    return PolicyError(
        f"{_at(statement)}unknown function `{name}`",
        help="correct the name, add the missing module, or look up the supported builtins in docs/reference/rego.md",
    )


def _shown(name: str) -> str:
    return name.split(".", 1)[1] if name.startswith("g0.data.") else name


def _check_safety(function: Function) -> None:
    flow = Flow(function.blocks, function.params)
    loops = [inner for s in walk(function.blocks) if s.op == "Not" for inner in s.blocks[0] if inner.op == "Scan"]
    for statement in [*(statement for _, statement in flow.unsafe), *loops]:
        rule = ".".join(function.path[1:]) or function.name
        place = statement.place or next((s.place for s in walk(function.blocks) if s.place), None)
        within = " within `not`" if statement in loops else ""
        raise PolicyError(
            f"{f'{place}: ' if place else ''}a variable in `{rule}` is unsafe: "
            f"nothing gives it a value before it is used{within}",
            help="bind the variable with `some ... in` or `:=` outside of `not`, or correct its name",
        )


def _check_recursion(program: Program) -> None:
    names = {name: list(_callees(function, program)) for name, function in program.functions.items()}
    done: set[str] = set()
    for start, first in names.items():
        chain: list[str] = []
        stack: list[tuple[str, Iterator[str]]] = [(start, iter(first))] if start not in done else []
        chain += [start] if stack else []
        while stack:
            name, rest = stack[-1]
            step = next((callee for callee in rest if callee not in done), None)
            if step is None:
                done.add(name)
                stack.pop()
                chain.pop()
            elif step in chain:
                raise _recursive(program.functions[step], [*chain[chain.index(step) :], step])
            else:
                chain.append(step)
                stack.append((step, iter(names[step])))


def _callees(function: Function, program: Program) -> Iterator[str]:
    for statement in walk(function.blocks):
        if statement.op == "Call" and statement.name in program.functions:
            yield statement.name
        if statement.op == "CallDynamic":
            yield from _dynamic_callees(statement, program)


def _dynamic_callees(statement: Statement, program: Program) -> Iterator[str]:
    """All rules that a computed path may name; its constant parts narrow them down."""
    parts = [operand.value if type(operand) is Const else None for operand in statement.reads[1 : statement.path[0]]]
    for name, other in program.functions.items():
        path = other.path[1:]
        if len(path) <= len(parts) and all(part in {None, own} for part, own in zip(parts, path, strict=False)):
            yield name


def _recursive(function: Function, chain: list[str]) -> PolicyError:
    place = next((statement.place for statement in walk(function.blocks) if statement.place), None)
    path = " -> ".join(f"`{name.split('.', 1)[-1]}`" for name in chain)
    return PolicyError(
        f"{f'{place}: ' if place else ''}the rule is recursive: {path}",
        help="break the circle; Rego rules cannot depend on themselves",
    )


def _at(statement: Statement) -> str:
    return f"{statement.place}: " if statement.place else ""
