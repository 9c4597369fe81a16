"""Takes look-ups out of loops: `data.config.secrets.level` is the same for every element.

A `Path` from the input or the data is pure, so it may be looked up before the outermost loop around it, even when
the loop turns out to be empty. Whether it is there still decides inside the loop, where the rule asks for it:
`Fetch` before the loop never leaves a block, `IsDefined` in the place of the `Path` does. A loop with `with` in it is
left alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from guard.policy.rego.ir import Local, Operand, Statement, walk

Blocks = tuple[list[Statement], ...]
SAME = "Same"  # stands until the end of `hoist_paths` only: the local is another one
Key = tuple[Operand, tuple[Any, ...]]


def hoist_paths(blocks: Blocks) -> Blocks:
    """The same blocks with the paths in front of the loops."""
    writes = Counter(number for statement in walk(blocks) for number in statement.writes)
    found = tuple([_block(block, writes) for block in blocks])
    same = {one.writes[0]: one.reads[0] for one in walk(found) if one.op == SAME}
    return _renamed(found, same) if same else found


def _renamed(blocks: Blocks, same: dict[int, Operand]) -> Blocks:
    """Reads the first local that holds a path in the place of the others."""
    changed = []
    for block in blocks:
        kept = []
        for one in block:
            if one.op == SAME:
                continue
            reads = tuple([same.get(read.number, read) if type(read) is Local else read for read in one.reads])
            kept.append(replace(one, reads=reads, blocks=_renamed(one.blocks, same)))
        changed.append(kept)
    return tuple(changed)


def _block(block: list[Statement], writes: Counter[int]) -> list[Statement]:
    found: list[Statement] = []
    for statement in block:
        if statement.op != "Scan":
            found.append(replace(statement, blocks=tuple([_block(inner, writes) for inner in statement.blocks])))
            continue
        if any(inner.op == "With" for inner in walk(statement.blocks)):
            found.append(statement)
            continue
        fetched: dict[Key, Statement] = {}
        inside = _inside(statement.blocks, writes, fetched)
        found += [*fetched.values(), replace(statement, blocks=inside)]
    return found


def _inside(blocks: Blocks, writes: Counter[int], fetched: dict[Key, Statement]) -> Blocks:
    changed = []
    for block in blocks:
        found: list[Statement] = []
        for statement in block:
            if statement.op == "Path" and writes[statement.writes[0]] == 1:
                found += _fetched(statement, fetched)
            else:
                found.append(replace(statement, blocks=_inside(statement.blocks, writes, fetched)))
        changed.append(found)
    return tuple(changed)


def _fetched(statement: Statement, fetched: dict[Key, Statement]) -> list[Statement]:
    """What stands in the loop for a path: its test, and which local has it where another one was first."""
    key = (statement.reads[0], statement.path)
    first = fetched.setdefault(key, replace(statement, op="Fetch"))
    source = Local(first.writes[0])
    test = replace(statement, op="IsDefined", reads=(source,), writes=(), path=())
    if first.writes == statement.writes:
        return [test]
    return [test, replace(statement, op=SAME, reads=(source,), path=())]
