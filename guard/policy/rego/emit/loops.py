"""Statements with blocks in them: `not`, loops, `with`, and the ways out."""

from __future__ import annotations

from guard.errors import PolicyError
from guard.policy.rego import inline
from guard.policy.rego.emit.calls import on_call
from guard.policy.rego.emit.function import MAX_CONSTRUCTS, FunctionWriter, Level
from guard.policy.rego.emit.lines import Lines, ends, indent, without_last_flag
from guard.policy.rego.ir import Local, Statement, walk


def on_not(w: FunctionWriter, statement: Statement) -> Lines:
    """Leaves the block when the inner one holds."""
    block = statement.blocks[0]
    if len(block) == 1 and block[0].op == "Check":
        lines = _negated_check(w, block[0])
        if lines is not None:
            return lines
    if len(block) == 1 and block[0].op == "Exists" and w.constructs < MAX_CONSTRUCTS - 1:
        looking, found = _exists(w, block[0])
        return [*looking, f"if {found}: {w.leave()}"]
    flag = f"n{w.next()}"
    w.constructs += 1
    construct = w.next()
    w.levels.append(Level(construct, "break", "break", negated=True))
    lines = w.statements(block)
    w.levels.pop()
    w.constructs -= 1
    inner = [*lines, f"{flag} = False", "break"]
    loop = [f"{flag} = True", "while True:", *indent(inner), *w.continue_break(construct)]
    return [*loop, f"if not {flag}: {w.leave()}"]


def _negated_check(w: FunctionWriter, check: Statement) -> Lines | None:
    """`not f(x)` without a loop, where nothing but the check itself can be undefined."""
    if w.guard(check):
        return None
    if check.name not in w.writer.program.functions:
        text = inline.condition(check.name, [w.operand(o) for o in check.reads], check.reads, w.asked)
        if text is not None:
            return [f"if {text}: {w.leave()}"]
    target = f"l{check.writes[0]}"
    return [*on_call(w, check)[:-1], f"if {target} is not U and {target} is not False: {w.leave()}"]


def on_exists(w: FunctionWriter, statement: Statement) -> Lines:
    """Leaves the block unless one of the inner blocks finds what it looks for."""
    lines, flag = _exists(w, statement)
    return [*lines, f"if not {flag}: {w.leave()}"]


def _exists(w: FunctionWriter, statement: Statement) -> tuple[Lines, str]:
    """The lines that look, and the flag that then says whether it was found."""
    flag = f"n{w.next()}"
    w.constructs += 1
    construct = w.next()
    w.levels.append(Level(construct, "break", "break", found=flag))
    inner: Lines = []
    for block in statement.blocks:
        inner += w.block(block, last=block is statement.blocks[-1])
    w.levels.pop()
    w.constructs -= 1
    inner = without_last_flag(inner)
    end = [] if ends(inner) else ["break"]
    return [f"{flag} = False", "while True:", *indent([*inner, *end]), *w.continue_break(construct)], flag


def on_found(w: FunctionWriter, _statement: Statement) -> Lines:
    """Leaves the `Exists` around it with success."""
    for depth, level in enumerate(reversed(w.levels)):
        if level.found and all(level.construct != inner.construct for inner in w.levels[: -1 - depth]):
            return w.succeed(depth)
    raise PolicyError("the plan succeeds outside of a block", help="build the plan with a supported OPA")


def on_scan(w: FunctionWriter, statement: Statement) -> Lines:
    """Runs the inner block for every element."""
    w.uses_run = True
    source = w.operand(statement.reads[0])
    key, value = (f"l{number}" for number in statement.writes)
    block = statement.blocks[0]
    key_used = any(operand == Local(statement.writes[0]) for s in walk((block,)) for operand in s.reads)
    items = f"s{w.next()}"
    finder = ("pairs" if key_used else "elements") + ("" if _ordered(block) else "_any")
    w.constructs += 1
    w.levels.append(Level(w.next(), "continue", "break"))
    construct = w.levels[-1].construct
    body = w.statements(block)
    w.levels.pop()
    w.constructs -= 1
    if key_used:
        loop = f"for {key}, {value} in (enumerate({items}) if {items} is {source} else {items}):"
    else:
        loop = f"for {value} in {items}:"
    guard = w.guard(statement)
    return [
        *guard,
        f"if type({source}) is list: {items} = {source}",
        "else:",
        f" {items} = {finder}({source})",
        f" if {items} is U: {w.leave()}",
        f"if len({items}) > 1:",  # a loop over one element costs no more than what stands around it
        f" r.left -= len({items})",
        f" if r.left < 0: over({str(statement.place or '')!r})",
        loop,
        *indent(body or ["pass"]),
        *w.continue_break(construct),
    ]


def on_with(w: FunctionWriter, statement: Statement) -> Lines:
    """Runs the inner block with another input or other data, and a fresh memory."""
    number = w.next()
    local = f"l{statement.index}"
    value = w.operand(statement.reads[0])
    flag = f"n{number}"
    w.constructs += 1
    construct = w.next()
    w.levels.append(Level(construct, "break", "break"))
    inner = [*w.statements(statement.blocks[0]), f"{flag} = True", "break"]
    w.levels.pop()
    w.constructs -= 1
    keys = "".join(f"{w.writer.constant(key)}, " for key in statement.path)
    changed = f"replaced({local}, ({keys}), {value})" if statement.path else value
    guard = w.guard(statement) if statement.path else []  # the whole input may be put back to none at all
    return [
        *guard,
        f"w{number} = {local}, m",
        f"{local} = {changed}",
        "m = m[0].fork()",
        f"{flag} = False",
        "while True:",
        *indent(inner),
        f"{local}, m = w{number}",
        *w.continue_break(construct),
        f"if not {flag}: {w.leave()}",
    ]


def on_break(w: FunctionWriter, statement: Statement) -> Lines:
    """Leaves blocks."""
    return [w.leave(statement.index)]


def on_returnlocal(w: FunctionWriter, statement: Statement) -> Lines:
    """Returns from the function."""
    if w.in_outline:
        raise PolicyError(
            "the plan returns from a block that is nested too deeply", help="split the rule into smaller rules"
        )
    return [w.give_back(w.operand(statement.reads[0]))]


def on_returnconstant(w: FunctionWriter, statement: Statement) -> Lines:
    """Returns a constant at the first success."""
    value = w.operand(statement.reads[0])
    return [f"l{w.function.result} = {value}"] if w.in_outline else [w.give_back(value)]


def on_resultsetadd(w: FunctionWriter, statement: Statement) -> Lines:
    """The answer of a plan."""
    return [*w.guard(statement), f"return {w.operand(statement.reads[0])}"]


def _ordered(block: list[Statement]) -> bool:
    """True when the order of a loop can be seen: it appends to an array from outside, or it returns."""
    inside = {number for statement in walk((block,)) if statement.op == "MakeArray" for number in statement.writes}
    for statement in walk((block,)):
        if statement.op == "ArrayAppend":
            array = statement.reads[0]
            if type(array) is Local and array.number not in inside:
                return True
        if statement.op in {"ReturnLocal", "ResultSetAdd"}:
            return True
    return False
