"""Moves the making of an object or array down to where it is first used, its members beside it.

The planner makes an object first and puts each member in as soon as it has the value; what comes between may still
leave the block. Nobody sees the object before its first use, so it may as well be made there, and is then one literal
of Python in the place of many statements.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from guard.policy.rego.ir import Local, Statement, walk

FILLS: Final[Mapping[str, str]] = {"MakeObject": "ObjectInsert", "MakeArray": "ArrayAppend"}
Blocks = tuple[list[Statement], ...]


def sink(blocks: Blocks) -> Blocks:
    """The same blocks, every literal in one piece where that is possible."""
    return _blocks(blocks, _reads(blocks), Counter(number for one in walk(blocks) for number in one.writes))


def _reads(blocks: Blocks) -> Counter[int]:
    return Counter(operand.number for one in walk(blocks) for operand in one.reads if type(operand) is Local)


def _blocks(blocks: Blocks, reads: Counter[int], writes: Counter[int]) -> Blocks:
    return tuple([_block(block, reads, writes) for block in blocks])


def _block(block: list[Statement], reads: Counter[int], writes: Counter[int]) -> list[Statement]:
    found = [replace(one, blocks=_blocks(one.blocks, reads, writes)) if one.blocks else one for one in block]
    here = _reads((block,))
    for make in [one for one in found if one.op in FILLS]:
        number = make.writes[0]
        if writes[number] == 1 and here[number] == reads[number]:  # no other block can see it unmade
            found = _sunk(found, make)
    return found


def _sunk(block: list[Statement], make: Statement) -> list[Statement]:
    """The block with one literal moved; the block itself where that would change what is put in."""
    start = next(position for position, one in enumerate(block) if one is make)
    target = Local(make.writes[0])
    moved = [make]
    rest: list[Statement] = []
    held: set[int] = set()  # locals whose values the literal takes
    for position, one in enumerate(block[start + 1 :], start + 1):
        fills = one.op == FILLS[make.op] and one.reads[0] == target and target not in one.reads[1:]
        if fills:
            moved.append(one)
            held.update(operand.number for operand in one.reads[1:] if type(operand) is Local)
            continue
        if any(target in inner.reads or target.number in inner.writes for inner in walk(([one],))):
            return [*block[:start], *rest, *moved, *block[position:]]
        if any(number in held for inner in walk(([one],)) for number in (*inner.writes, *_replaced(inner))):
            return block
        rest.append(one)
    return block


def _replaced(statement: Statement) -> tuple[int, ...]:
    """The local that a `with` gives another value for a while."""
    return (statement.index,) if statement.op == "With" else ()
