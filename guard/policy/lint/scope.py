"""Loops and variables of a rule: what is bound where, and what is looped over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from guard.policy.lint.module import (
    Head,
    Statement,
    Tokens,
    find,
    matching,
    names,
    spelt,
    statements,
)
from guard.policy.rego.syntax import Token

_WILD = re.compile(r"(\w+(?: \. \w+)*) \[ _ \]")


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop: what it binds, over what (`input.label_sets`), the names that it reads, its line."""

    bound: frozenset[str]
    over: str
    names: frozenset[str]
    line: int


def base(name: str) -> str:
    """The first part of a rule's name: `held` of `held[role]`."""
    return re.split(r"[.\[]", name, maxsplit=1)[0]


def bound_by_some(run: Sequence[Token]) -> Iterator[tuple[str, int]]:
    """Variables that `some ... in` and `every ... in` bind anywhere in the run."""
    for position, token in enumerate(run):
        if token.kind != "name" or token.text not in {"some", "every"}:
            continue
        end = find(run[position + 1 :], "in")
        if end is not None:
            for name in run[position + 1 : position + 1 + end]:
                if name.kind == "name":
                    yield name.text, name.line


def assigns(statement: Statement) -> frozenset[str]:
    """What a statement assigns with `:=`."""
    at = find(statement.tokens, ":=")
    return frozenset(names(statement.tokens[:at])) if at else frozenset()


def comprehensions(run: Sequence[Token]) -> Iterator[Tokens]:
    """The inside of each comprehension: brackets with a `|` that is followed by a loop."""
    for position, token in enumerate(run):
        if token.kind == "mark" and token.text in "{[":
            inside = tuple(run[position + 1 : matching(run, position)])
            bar = find(inside, "|")
            if bar is not None and any(one.text in {"some", "every"} for one in inside[bar:]):
                yield inside


def loops(head: Head) -> Iterator[list[Loop]]:
    """The loops that stand inside each other, one list for each way into the rule; comprehensions come with what is
    around them."""
    for body in head.bodies:
        yield from _nested(body, [])
    for inside in comprehensions(head.value):
        yield from _nested(_parts(inside), [])


def _nested(body: Sequence[Statement], around: list[Loop]) -> Iterator[list[Loop]]:
    found = list(around)
    for statement in body:
        for inside in comprehensions(statement.tokens):
            yield from _nested(_parts(inside), found)
        found += _of(statement)
    yield found


def _parts(inside: Tokens) -> list[Statement]:
    bar = find(inside, "|")
    return list(statements(inside[bar + 1 :])) if bar is not None else []


def _of(statement: Statement) -> list[Loop]:
    run = statement.tokens
    at = find(run, "in")
    if run[0].text in {"some", "every"} and at is not None:
        rest = run[at + 1 :]
        if run[0].text == "every":
            opening = find_block(rest)
            rest = rest[:opening]
        bound = frozenset(token.text for token in run[1:at] if token.kind == "name")
        return [Loop(bound, spelt(rest).replace(" ", ""), frozenset(names(rest)), run[0].line)]
    return [
        Loop(frozenset(), found[1].replace(" ", ""), frozenset({found[1].split(" ")[0]}), run[0].line)
        for found in _WILD.finditer(spelt(run))
    ]


def find_block(run: Tokens) -> int:
    """Where the block of an `every` begins."""
    for position, token in enumerate(run):
        if token.text == "{" and position and run[position - 1].line == token.line:
            return position
    return len(run)
