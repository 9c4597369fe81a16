"""Finds rules whose value goes into the answer and nowhere else.

A set that only becomes JSON needs no hashing while it grows: it may be a list whose repeats are dropped when it is
sorted for the answer. A document that is put together on the spot and only becomes JSON needs no copy: its members are
made JSON when they are put in. Allowed is what a decision document does: call the rule, put its value into fresh
objects and arrays, and return those, once. Any other use of the value, a call by a computed path or a `with` anywhere
keeps both as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from guard.policy.rego.flow import Flow
from guard.policy.rego.ir import Const, Function, Local, Plan, Statement, walk

MAKES = frozenset({"MakeArray", "MakeObject"})


@dataclass(frozen=True, slots=True)
class Answered:
    """What is known of the rules of a program.

    Attributes:
        listed: rules that may build a list of fresh objects in the place of a set -> the locals of those objects.
        keys: listed rules whose objects all have the same keys -> those keys, in order.
        finished: rules that may build their answer on the spot -> the locals of its objects and arrays.
        plans: the plans whose result is the value of a finished rule.
    """

    listed: Mapping[str, frozenset[int]]
    keys: Mapping[str, tuple[str, ...]]
    finished: Mapping[str, frozenset[int]]
    plans: frozenset[str]


NOTHING: Final = Answered({}, {}, {}, frozenset())


def answered(functions: Mapping[str, Function], plans: tuple[Plan, ...]) -> Answered:
    """Looks at every rule of a program."""
    bodies = {**{f"plan {plan.name}": plan.blocks for plan in plans}, **{n: f.blocks for n, f in functions.items()}}
    if any(statement.op in {"CallDynamic", "With"} for blocks in bodies.values() for statement in walk(blocks)):
        return NOTHING
    found = {name for name, function in functions.items() if function.is_rule}
    before = -1
    while len(found) != before:
        before = len(found)
        for name, blocks in bodies.items():
            returns = name in found or name not in functions
            found -= _asked_otherwise(list(walk(blocks)), returns=returns)
    listed = {name: objects for name in found if (objects := _added_objects(functions[name]))}
    finished = {name: made for name in found if (made := _made_on_the_spot(functions[name]))}
    keys = {name: same for name, objects in listed.items() if (same := _same_keys(functions[name], objects))}
    return Answered(listed, keys, finished, frozenset(plan.name for plan in plans if _only_passes_on(plan, finished)))


def _only_passes_on(plan: Plan, finished: Mapping[str, frozenset[int]]) -> bool:
    """True for a plan whose result is the value of one finished rule."""
    calls = [statement for statement in walk(plan.blocks) if statement.op == "Call"]
    inserts = [statement for statement in walk(plan.blocks) if statement.op.startswith("ObjectInsert")]
    if len(calls) != 1 or len(inserts) != 1 or calls[0].name not in finished:
        return False
    return inserts[0].reads[1:] == (Const("result"), Local(calls[0].writes[0]))


def _asked_otherwise(statements: list[Statement], *, returns: bool) -> set[str]:
    """The functions whose value this body does more with than to pass it on."""
    readers: dict[int, list[tuple[Statement, int]]] = {}
    once: dict[int, int] = {}
    for statement in statements:
        for place, operand in enumerate(statement.reads):
            if type(operand) is Local:
                readers.setdefault(operand.number, []).append((statement, place))
        if statement.op in {"AssignVarOnce", "AssignVar"}:
            once[statement.writes[0]] = once.get(statement.writes[0], 0) + 1

    def passed_on(number: int, depth: int = 0) -> bool:
        return depth < 32 and all(allowed(one, place, depth) for one, place in readers.get(number, []))

    def allowed(one: Statement, place: int, depth: int) -> bool:
        if one.op in {"IsDefined", "IsUndefined"}:
            return True
        if one.op in {"ReturnLocal", "ResultSetAdd"}:
            return returns
        if one.op in {"ObjectInsert", "ArrayAppend"}:
            into = one.reads[0]
            if place == 0:
                return True
            return place == len(one.reads) - 1 and type(into) is Local and passed_on(into.number, depth + 1)
        if one.op in {"AssignVarOnce", "AssignVar"}:
            return once[one.writes[0]] == 1 and passed_on(one.writes[0], depth + 1)
        return False

    found = set()
    for statement in statements:
        if statement.op == "Check" or (statement.op == "Call" and not passed_on(statement.writes[0])):
            found.add(statement.name)
    return found


def _added_objects(function: Function) -> frozenset[int]:
    """The objects, with constant strings as keys, of a partial set that only ever gets objects made on the spot."""
    flow = Flow(function.blocks, function.params)
    if flow.kinds.get(function.result) != "set":
        return frozenset()
    made = 0
    objects: set[Local] = set()
    for statement in walk(function.blocks):
        made += statement.op == "MakeSet" and statement.writes == (function.result,)
        if Local(function.result) not in statement.reads:
            continue
        if statement.op == "SetAdd" and statement.reads[1] == Local(function.result):
            value = statement.reads[0]
            if type(value) is not Local or flow.kinds.get(value.number) != "dict":
                return frozenset()
            objects.add(value)
        elif statement.op != "ReturnLocal":
            return frozenset()
    if made != 1 or not all(_by_constant_name(one) for one in walk(function.blocks) if one.reads[:1] in _only(objects)):
        return frozenset()
    return frozenset(value.number for value in objects)


def _same_keys(function: Function, objects: frozenset[int]) -> tuple[str, ...]:
    """The keys of all the objects, if each gets the same ones in the block where it is made."""
    found = set()
    for block in _all_blocks(function.blocks):
        for make in block:
            if make.op != "MakeObject" or make.writes[0] not in objects:
                continue
            here = [one for one in block if one.op == "ObjectInsert" and one.reads[0] == Local(make.writes[0])]
            if len(here) != sum(one.reads[:1] == (Local(make.writes[0]),) for one in _inserts(function)):
                return ()
            found.add(tuple(sorted(str(one.reads[1].value) for one in here if type(one.reads[1]) is Const)))
    return next(iter(found)) if len(found) == 1 else ()


def _inserts(function: Function) -> Iterator[Statement]:
    return (one for one in walk(function.blocks) if one.op.startswith("ObjectInsert"))


def _all_blocks(blocks: tuple[list[Statement], ...]) -> Iterator[list[Statement]]:
    for block in blocks:
        yield block
        for statement in block:
            yield from _all_blocks(statement.blocks)


def _only(objects: set[Local]) -> set[tuple[Local]]:
    return {(value,) for value in objects}


def _by_constant_name(statement: Statement) -> bool:
    """True for what is no insertion, and for one whose key is a constant string."""
    if not statement.op.startswith("ObjectInsert"):
        return True
    return type(statement.reads[1]) is Const and type(statement.reads[1].value) is str


def _made_on_the_spot(function: Function) -> frozenset[int]:
    """The objects and arrays of a complete rule that are its value: made once, filled, and given out once."""
    gives = [one for one in walk(function.blocks) if function.result in one.writes and one.op != "ResetLocal"]
    if len(gives) != 1 or gives[0].op != "AssignVarOnce" or any(one.op == "Scan" for one in walk(function.blocks)):
        return frozenset()
    made = Counter(one.writes[0] for one in walk(function.blocks) if one.op in MAKES)
    wanted, containers = [gives[0].reads[0]], set()
    while wanted:
        container = wanted.pop()
        if type(container) is not Local or made[container.number] != 1 or container.number in containers:
            return frozenset()
        containers.add(container.number)
        for one in walk(function.blocks):
            if container.number in one.writes and one.op not in MAKES:
                return frozenset()
            if one.reads[:1] != (container,):
                continue
            if one.op not in {"ObjectInsert", "ArrayAppend", "AssignVarOnce", "IsDefined"} or not _by_constant_name(
                one
            ):
                return frozenset()
            value = one.reads[-1]
            if one.op in {"ObjectInsert", "ArrayAppend"} and type(value) is Local and made[value.number]:
                wanted.append(value)
    places = Counter(o.number for one in walk(function.blocks) for o in one.reads[1:] if type(o) is Local)
    outer = gives[0].reads[0]
    if any(places[number] != (Local(number) != outer) for number in containers):
        return frozenset()
    return frozenset(containers)
