"""Statements that make, copy and look up values."""

from __future__ import annotations

from guard.policy.rego import inline
from guard.policy.rego.emit.function import FunctionWriter, number_of
from guard.policy.rego.emit.lines import Lines
from guard.policy.rego.ir import Const, Local, Statement


def on_nop(_w: FunctionWriter, _statement: Statement) -> Lines:
    """Nothing."""
    return []


def on_assignvar(w: FunctionWriter, statement: Statement) -> Lines:
    """Copies a value, or that there is none."""
    return [f"l{statement.writes[0]} = {w.operand(statement.reads[0])}"]


on_makenumberref = on_assignvar
on_makenumberint = on_assignvar
on_assignint = on_assignvar


def on_makenull(_w: FunctionWriter, statement: Statement) -> Lines:
    """Null."""
    return [f"l{statement.writes[0]} = None"]


def on_makearray(_w: FunctionWriter, statement: Statement) -> Lines:
    """A fresh array."""
    return [f"l{statement.writes[0]} = []"]


def on_makeobject(_w: FunctionWriter, statement: Statement) -> Lines:
    """A fresh object."""
    return [f"l{statement.writes[0]} = {{}}"]


def on_makeset(w: FunctionWriter, statement: Statement) -> Lines:
    """A fresh set."""
    if statement.writes[0] == w.listed:
        return [f"l{w.listed} = Listed()"]
    return [f"l{statement.writes[0]} = set()"]


def on_resetlocal(_w: FunctionWriter, statement: Statement) -> Lines:
    """Makes a local undefined."""
    return [f"l{statement.writes[0]} = U"]


def on_assignvaronce(w: FunctionWriter, statement: Statement) -> Lines:
    """Gives a rule its value; a second, different one is a conflict."""
    target, source = f"l{statement.writes[0]}", w.operand(statement.reads[0])
    conflict = f"conflict({'.'.join(w.function.path)!r}, {str(statement.place or '')!r})"
    differs = inline.unequal(target, source, w.kind(statement.reads[0]), statement.reads[0])
    if w.finished:  # the answer itself, given out once
        w.uses_run = True
        return [*w.guard(statement), f"spend(r.budget, {w.answer_size()})", f"{target} = {source}"]
    return [*w.guard(statement), f"if {target} is U: {target} = {source}", f"elif {differs}: {conflict}"]


def on_arrayappend(w: FunctionWriter, statement: Statement) -> Lines:
    """One more element."""
    array, value = statement.reads
    return [*w.guard(statement), f"{w.operand(array)}.append({w.member(array, value)})"]


def on_setadd(w: FunctionWriter, statement: Statement) -> Lines:
    """One more member."""
    value, target = map(w.operand, statement.reads)
    if statement.reads[1] == Local(w.listed):
        return [*w.guard(statement), f"{target}.append({value})"]
    return [
        *w.guard(statement),
        f"{target}.add({inline.embedded(value, statement.reads[0], w.kind(statement.reads[0]))})",
    ]


def on_objectinsert(w: FunctionWriter, statement: Statement) -> Lines:
    """A value at a key."""
    target, key = map(w.operand, statement.reads[:2])
    value = w.member(statement.reads[0], statement.reads[2])
    return [
        *w.guard(statement),
        f"{target}[{inline.embedded(key, statement.reads[1], w.kind(statement.reads[1]))}] = {value}",
    ]


def on_objectinsertonce(w: FunctionWriter, statement: Statement) -> Lines:
    """A value at a key; a second, different one is a conflict."""
    target, key, value = map(w.operand, statement.reads)
    conflict = f"conflict({'.'.join(w.function.path)!r}, {str(statement.place or '')!r})"
    return [
        *w.guard(statement),
        f"k = {inline.embedded(key, statement.reads[1], w.kind(statement.reads[1]))}",
        f"if k not in {target}: {target}[k] = {value}",
        f"elif not eq({target}[k], {value}): {conflict}",
    ]


def on_objectmerge(w: FunctionWriter, statement: Statement) -> Lines:
    """Two documents as one."""
    a, b = map(w.operand, statement.reads)
    return [*w.guard(statement), f"l{statement.writes[0]} = merge({a}, {b})"]


def on_len(w: FunctionWriter, statement: Statement) -> Lines:
    """The number of elements."""
    return [*w.guard(statement), f"l{statement.writes[0]} = len({w.operand(statement.reads[0])})"]


def on_dot(w: FunctionWriter, statement: Statement) -> Lines:
    """A look-up; leaves the block when nothing is there.

    A constant name is taken from the object at once, at a quarter of the price of asking first; what is not there, or
    no object, raises and goes the general way. Under `not`, where absence is the common case, it asks first.
    """
    source, key = statement.reads
    target = f"l{statement.writes[0]}"
    finder = "base_dot" if statement.index else "dot"
    guard = [line for line in w.guard(statement) if not line.startswith("if l0 ")]
    if type(source) is Local and type(key) is Const and type(key.value) is str and not w.levels[-1].negated:
        return [
            *guard,
            f"try: {target} = {w.operand(source)}[{w.operand(key)}]",
            "except E:",
            f" {target} = {finder}({w.operand(source)}, {w.operand(key)})",
            f" if {target} is U: {w.leave()}",
        ]
    return [
        *guard,
        f"{target} = {inline.dot(w.operand(source), w.operand(key), key, finder)}",
        f"if {target} is U: {w.leave()}",
    ]


def on_path(w: FunctionWriter, statement: Statement) -> Lines:
    """`data.a.b.c`; leaves the block when nothing is there."""
    return [*on_fetch(w, statement), f"if l{statement.writes[0]} is U: {w.leave()}"]


def on_fetch(w: FunctionWriter, statement: Statement) -> Lines:
    """`data.a.b.c`, or undefined: looked up once in an evaluation and kept beside the values of rules."""
    base = statement.reads[0]
    keys = tuple(operand.value for operand in statement.path)
    slot = w.writer.paths.setdefault((number_of(base), keys), w.writer.first_path + len(w.writer.paths))
    target = f"l{statement.writes[0]}"
    names = "".join(f"[{key!r}]" for key in keys)
    lines = [
        f"{target} = m[{slot}]",
        f"if {target} is N:",
        f" try: {target} = m[{slot}] = {w.operand(base)}{names}",
        f" except E: {target} = m[{slot}] = along({w.operand(base)}, {keys!r})",
    ]
    if statement.op == "Fetch" and statement.writes[0] in w.asked:  # a loop asks it again and again for members
        lines.append(f"h{statement.writes[0]} = type({target}) is list or type({target}) is set")
    return lines
