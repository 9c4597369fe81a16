"""Makes a function smaller without changing what it means, before code is generated for it.

The planner's output repeats itself: copies of locals, tests of constants, definedness of what is always defined.
Each rewrite here rests on `flow`: an operand is replaced by the constant or local it copies; a test that always
succeeds is dropped; a pure statement whose result nobody reads is dropped; a comparison by builtin followed by
"not false" becomes one `Check`; and a rule that can only be one constant returns at its first success, which is OPA's
early exit.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from guard.policy.rego.flow import PURE, Flow
from guard.policy.rego.ir import DATA, INPUT, Const, Function, Local, Operand, Statement, walk
from guard.policy.rego.sink import sink
from guard.policy.rego.texts import join_texts
from guard.policy.rego.values import NUMBERS, equal

MAX_ROUNDS: Final = 8
Blocks = tuple[list[Statement], ...]


def simplify(function: Function) -> Function:
    """The same function in fewer statements."""
    blocks = _mark_base(function.blocks, {DATA}, _writes(function.blocks))
    for _ in range(MAX_ROUNDS):
        changed = _round(blocks, function)
        if _size(changed) == _size(blocks):
            break
        blocks = changed
    blocks = _without_tests_of_loops(_fuse(blocks, _reads(blocks)))
    blocks = _join_paths(blocks, _reads(blocks), _writes(blocks))
    blocks = join_texts(blocks, Flow(blocks, function.params), _reads(blocks))
    blocks = sink(blocks)
    constant = _only_constant(blocks, function.result)
    if constant is not None:
        blocks = tuple(_early(block, function.result, constant) for block in blocks)
    return replace(function, blocks=blocks)


def _mark_base(blocks: Blocks, base: set[Operand], writes: Counter[int]) -> Blocks:
    """Marks look-ups by a reference that begins with `data`: in the store, a number is a key by its text.

    Only the reference itself counts; a variable that holds a part of the data is a value like any other.
    """
    found = []
    for block in blocks:
        marked = []
        for statement in block:
            known = bool(statement.reads) and statement.reads[0] in base
            if statement.op == "Dot" and known and writes[statement.writes[0]] == 1:
                base.add(Local(statement.writes[0]))
            if statement.op == "AssignVar" and statement.reads[0] == DATA:
                base.add(Local(statement.writes[0]))
            index = int(known) if statement.op == "Dot" else statement.index
            marked.append(replace(statement, index=index, blocks=_mark_base(statement.blocks, base, writes)))
        found.append(marked)
    return tuple(found)


def _size(blocks: Blocks) -> int:
    return sum(1 for _ in walk(blocks))


def _reads(blocks: Blocks) -> Counter[int]:
    return Counter(
        operand.number for statement in walk(blocks) for operand in statement.reads if type(operand) is Local
    )


def _writes(blocks: Blocks) -> Counter[int]:
    return Counter(number for statement in walk(blocks) for number in statement.writes)


def _join_paths(blocks: Blocks, reads: Counter[int], writes: Counter[int]) -> Blocks:
    """Turns `data.a.b.c` into one `Path`, whose value is the same all through one evaluation."""
    return tuple([_join_block(block, reads, writes) for block in blocks])


def _join_block(block: list[Statement], reads: Counter[int], writes: Counter[int]) -> list[Statement]:
    found: list[Statement] = []
    for statement in block:
        last = found[-1] if found else None
        if last is not None and _continues(last, statement) and reads[last.writes[0]] == writes[last.writes[0]] == 1:
            base = last.path if last.op == "Path" else (last.reads[1],)
            found[-1] = replace(statement, op="Path", reads=last.reads[:1], path=(*base, statement.reads[1]))
            continue
        found.append(replace(statement, blocks=_join_paths(statement.blocks, reads, writes)))
    return found


def _continues(last: Statement, statement: Statement) -> bool:
    """True when a look-up goes on from the one before, both by constant names, from the input or the data."""
    return (
        statement.op == "Dot"
        and last.op in {"Dot", "Path"}
        and last.reads[0] in {INPUT, DATA}
        and statement.reads[0] == Local(last.writes[0])
        and all(type(s.reads[1]) is Const and type(s.reads[1].value) is str for s in (last, statement) if s.op == "Dot")
    )


def _round(blocks: Blocks, function: Function) -> Blocks:
    flow = Flow(blocks, function.params)
    replaced = tuple(_replace(block, flow) for block in blocks)
    return _drop_dead(replaced, _reads(replaced))


def _replace(block: list[Statement], flow: Flow) -> list[Statement]:
    found = []
    for statement in block:
        if statement.op == "Nop" or _always_true(statement, flow):
            continue
        reads = tuple([flow.replacement(operand) for operand in statement.reads])
        if statement.op in {"ReturnLocal", "IsDefined", "IsUndefined"}:
            reads = statement.reads
        found.append(replace(statement, reads=reads, blocks=tuple(_replace(inner, flow) for inner in statement.blocks)))
    return found


def _always_true(statement: Statement, flow: Flow) -> bool:
    """A test that cannot fail where it stands."""
    if statement.op == "IsDefined":
        source = statement.reads[0]
        return type(source) is Const or (type(source) is Local and source.number in flow.sure[id(statement)])
    if statement.op in {"Equal", "NotEqual"}:
        a, b = (flow.replacement(operand) for operand in statement.reads)
        if type(a) is Const and type(b) is Const:
            return equal(a.value, b.value) is (statement.op == "Equal")
    return False


def _drop_dead(blocks: Blocks, reads: Counter[int]) -> Blocks:
    return tuple([_drop_block(block, reads) for block in blocks])


def _drop_block(block: list[Statement], reads: Counter[int]) -> list[Statement]:
    found: list[Statement] = []
    for position, statement in enumerate(block):
        if statement.op in PURE and not any(reads[number] for number in statement.writes):
            continue
        if statement.op == "ResetLocal" and _written_next(block, position):
            continue
        inner = _drop_dead(statement.blocks, reads)
        if statement.op == "Block":
            inner = tuple(block for block in inner if block)
            if not inner:
                continue
        found.append(replace(statement, blocks=inner))
    return found


def _written_next(block: list[Statement], position: int) -> bool:
    """A reset that the next statement makes pointless."""
    if position + 1 >= len(block):
        return False
    following = block[position + 1]
    return following.op in PURE - {"ResetLocal", "AssignVar"} and following.writes == block[position].writes


def _fuse(blocks: Blocks, reads: Counter[int]) -> Blocks:
    return tuple([_fuse_block(block, reads) for block in blocks])


def _fuse_block(block: list[Statement], reads: Counter[int]) -> list[Statement]:
    """Turns `r := f(...); r != false` into one `Check` where nobody else reads `r`."""
    found: list[Statement] = []
    skip = False
    for position, statement in enumerate(block):
        if skip:
            skip = False
            continue
        following = block[position + 1] if position + 1 < len(block) else None
        if statement.op == "Call" and following is not None and _tests(following, statement.writes[0], reads):
            found.append(replace(statement, op="Check"))
            skip = True
            continue
        found.append(replace(statement, blocks=_fuse(statement.blocks, reads)))
    return found


def _without_tests_of_loops(blocks: Blocks) -> Blocks:
    """Drops "not false" in front of a loop over the same value: a loop over `false` is undefined as well."""
    changed = []
    for block in blocks:
        kept = []
        for statement, following in zip(block, [*block[1:], None], strict=False):
            if statement.op == "NotEqual" and following is not None and following.op == "Scan":
                a, b = statement.reads
                if a == following.reads[0] and type(b) is Const and b.value is False:
                    continue
            kept.append(replace(statement, blocks=_without_tests_of_loops(statement.blocks)))
        changed.append(kept)
    return tuple(changed)


def _tests(statement: Statement, number: int, reads: Counter[int]) -> bool:
    if statement.op != "NotEqual" or reads[number] != 1:
        return False
    a, b = statement.reads
    return a == Local(number) and type(b) is Const and b.value is False


def _only_constant(blocks: Blocks, result: int) -> Const | None:
    """The constant that every body of a complete rule gives, if it is one and the same scalar."""
    if not blocks or [statement.op for statement in blocks[-1]][-1:] != ["ReturnLocal"]:
        return None
    constants: list[Operand] = []
    for block in blocks[:-1]:
        if block and block[0].op == "IsUndefined" and block[0].reads[0] == Local(result):
            continue  # the default, which only counts when nothing else has
        for statement in walk((block,)):
            if result in statement.writes and statement.op == "AssignVarOnce":
                constants.append(statement.reads[0])
            elif statement.op in {"With", "Break"} or (result in statement.writes and statement.op != "ResetLocal"):
                return None
    first = constants[0] if constants else None
    if type(first) is not Const or not isinstance(first.value, bool | str | type(None)) or type(first.value) in NUMBERS:
        return None
    same = all(type(other) is Const and equal(other.value, first.value) for other in constants)
    return first if same else None


def _early(block: list[Statement], result: int, constant: Const) -> list[Statement]:
    found = []
    for statement in block:
        if statement.op == "AssignVarOnce" and statement.writes == (result,) and statement.reads[0] == constant:
            found.append(Statement("ReturnConstant", reads=(constant,), writes=(result,), place=statement.place))
            break
        if statement.op == "IsUndefined" and not found:
            return block
        inner = tuple([_early(nested, result, constant) for nested in statement.blocks])
        found.append(replace(statement, blocks=inner))
    return found
