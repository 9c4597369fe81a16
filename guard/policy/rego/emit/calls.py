"""Calls of rules, functions and builtins."""

from __future__ import annotations

from guard.policy.rego import inline
from guard.policy.rego.emit.function import FunctionWriter
from guard.policy.rego.emit.lines import Lines
from guard.policy.rego.ir import Place, Statement
from guard.policy.rego.metadata import BUILTINS, answer


def on_call(w: FunctionWriter, statement: Statement) -> Lines:
    """Calls a rule, a function or a builtin; leaves the block when it is undefined."""
    target = f"l{statement.writes[0]}"
    function = w.writer.program.functions.get(statement.name)
    arguments = [w.operand(operand) for operand in statement.reads]
    if function is None:
        return [
            *w.guard(statement),
            f"{target} = {_builtin(w, statement, arguments)}",
            f"if {target} is U: {w.leave()}",
        ]
    name = w.writer.names[statement.name]
    arguments = arguments[: len(function.params)]  # a rule that replaces a function under `with` gets arguments too
    call = f"{name}({', '.join([*arguments, 'm'])})"
    slot = w.writer.slots.get(statement.name)
    lines = _guard_arguments(w, statement)
    if slot:
        lines += [f"{target} = m[{slot}]", f"if {target} is N: {target} = {call}"]
    else:
        lines += [f"{target} = {call}"]
    return [*lines, f"if {target} is U: {w.leave()}"]


def _guard_arguments(w: FunctionWriter, statement: Statement) -> Lines:
    """Like `_guard`, but the input and data that every function gets may be absent."""
    rest = Statement(statement.op, reads=statement.reads[2:])
    w.flow.sure[id(rest)] = w.flow.sure.get(id(statement), frozenset())
    return w.guard(rest)


def _builtin(w: FunctionWriter, statement: Statement, arguments: list[str]) -> str:
    name = statement.name
    if name in BUILTINS:
        return _metadata(w, name, statement.place)
    quick = inline.call(name, arguments)
    if quick is not None:
        return quick
    needs_run = w.writer.builtins[name].needs_run
    return f"B[{name!r}]({', '.join((['m[0]'] if needs_run else []) + arguments)})"


def _metadata(w: FunctionWriter, name: str, place: Place | None) -> str:
    """`rego.metadata.chain()` and `.rule()`: a constant."""
    found = answer(name, w.writer.program.metadata, place.file if place else "", place.row if place else 0)
    return w.writer.named(found)


def on_check(w: FunctionWriter, statement: Statement) -> Lines:
    """A call whose result only has to be other than false."""
    if statement.name not in w.writer.program.functions:
        text = inline.condition(statement.name, [w.operand(o) for o in statement.reads], statement.reads, w.asked)
        if text is not None:
            return [*w.guard(statement), f"if not {text}: {w.leave()}"]
    target = f"l{statement.writes[0]}"
    return [*on_call(w, statement)[:-1], f"if {target} is U or {target} is False: {w.leave()}"]


def on_calldynamic(w: FunctionWriter, statement: Statement) -> Lines:
    """Calls the rule whose path was computed."""
    count = statement.path[0]
    path = ", ".join(w.operand(operand) for operand in statement.reads[:count])
    arguments = ", ".join(w.operand(operand) for operand in statement.reads[count:])
    target = f"l{statement.writes[0]}"
    return [f"{target} = dynamic(DYNAMIC, ({path},), ({arguments},), m)", f"if {target} is U: {w.leave()}"]
