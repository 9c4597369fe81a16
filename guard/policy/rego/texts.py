"""Finds texts that are put together from an array written on the spot: `concat` and `sprintf` with constant form.

`concat("", [family, "."])` makes an array, calls a builtin, and throws the array away. Where the separator or the
template is a constant and the array serves nothing else, the call becomes one `Format` of its parts, which is
written as a Python text with the builtin as its fallback; `emit.formats` writes it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from guard.policy.rego.flow import Flow
from guard.policy.rego.ir import Const, Local, Operand, Statement

FORMS: Final = frozenset({"concat", "sprintf"})
Blocks = tuple[list[Statement], ...]


def join_texts(blocks: Blocks, flow: Flow, reads: Counter[int]) -> Blocks:
    """The same blocks with `Format` in the place of what it covers."""
    return tuple([_join_block(block, flow, reads) for block in blocks])


def _join_block(block: list[Statement], flow: Flow, reads: Counter[int]) -> list[Statement]:
    gone: set[int] = set()
    formats: dict[int, Statement] = {}
    for position, statement in enumerate(block):
        if statement.op != "Call" or statement.name not in FORMS or len(statement.reads) != 2:
            continue
        form, array = statement.reads
        if type(form) is not Const or type(form.value) is not str or type(array) is not Local:
            continue
        made = _made_here(block[:position], array, flow, reads)
        if made is None:
            continue
        gone.update(id(part) for part in made)
        parts: tuple[Operand, ...] = tuple([part.reads[1] for part in made[1:]])
        formats[id(statement)] = replace(statement, op="Format", reads=(form, *parts))
    found = []
    for statement in block:
        if id(statement) in gone:
            continue
        found.append(
            formats.get(id(statement))
            or replace(statement, blocks=tuple([_join_block(inner, flow, reads) for inner in statement.blocks]))
        )
    return found


def _made_here(block: list[Statement], array: Local, flow: Flow, reads: Counter[int]) -> list[Statement] | None:
    """The statements of this block that make the array, if nothing else touches it and its elements are certain."""
    made = [one for one in block if one.op == "MakeArray" and one.writes == (array.number,)]
    appends = [one for one in block if one.op == "ArrayAppend" and one.reads[0] == array]
    if len(made) != 1 or not flow.single(array.number) or reads[array.number] != len(appends) + 1:
        return None
    return made + appends if all(_certain(one, flow) for one in appends) else None


def _certain(append: Statement, flow: Flow) -> bool:
    """True when the element has its one value here and keeps it until the call."""
    element = append.reads[1]
    if type(element) is Const:
        return True
    return type(element) is Local and element.number in flow.sure[id(append)] and flow.single(element.number)
