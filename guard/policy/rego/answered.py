"""Finds rules whose value goes into the answer and nowhere else.

A set that only becomes JSON needs no hashing while it grows: it may be a list whose repeats are dropped when it is
sorted for the answer. Allowed is what a decision document does: call the rule, put its value into fresh objects and
arrays, and return those, once. Any other use of the value, a call by a computed path or a `with` anywhere keeps sets.
"""

from __future__ import annotations

from collections.abc import Mapping

from guard.policy.rego.flow import Flow
from guard.policy.rego.ir import Const, Function, Local, Plan, Statement, walk


def listed_sets(functions: Mapping[str, Function], plans: tuple[Plan, ...]) -> frozenset[str]:
    """Names of the rules that may build a list of fresh objects in the place of a set."""
    bodies = {**{f"plan {plan.name}": plan.blocks for plan in plans}, **{n: f.blocks for n, f in functions.items()}}
    if any(statement.op in {"CallDynamic", "With"} for blocks in bodies.values() for statement in walk(blocks)):
        return frozenset()
    found = {name for name, function in functions.items() if function.is_rule}
    before = -1
    while len(found) != before:
        before = len(found)
        for name, blocks in bodies.items():
            returns = name in found or name not in functions
            found -= _asked_otherwise(list(walk(blocks)), returns=returns)
    return frozenset(name for name in found if _adds_objects(functions[name]))


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


def _adds_objects(function: Function) -> bool:
    """True for a partial set that only ever gets objects made on the spot, whose keys are constant strings."""
    flow = Flow(function.blocks, function.params)
    if flow.kinds.get(function.result) != "set":
        return False
    made = 0
    objects: set[Local] = set()
    for statement in walk(function.blocks):
        made += statement.op == "MakeSet" and statement.writes == (function.result,)
        if Local(function.result) not in statement.reads:
            continue
        if statement.op == "SetAdd" and statement.reads[1] == Local(function.result):
            value = statement.reads[0]
            if type(value) is not Local or flow.kinds.get(value.number) != "dict":
                return False
            objects.add(value)
        elif statement.op != "ReturnLocal":
            return False
    return made == 1 and all(
        type(statement.reads[1]) is Const and type(statement.reads[1].value) is str
        for statement in walk(function.blocks)
        if statement.op.startswith("ObjectInsert") and statement.reads[0] in objects
    )
