"""What the tests of a pack reach: statements, and the decisions of each rule.

Each statement of a body gets a mark behind it, a rule of its own; a statement is covered when a test evaluated its
mark, so everything before it held. A definition without a body is covered when a test asked for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from guard.model import Value
from guard.policy.lint.module import Head, Module, find, read
from guard.policy.lint.scope import assigns
from guard.policy.pack import Pack
from guard.policy.rule import quiet

_MARK = "guard_reached_"
_IF = re.compile(r"(?<![\w.])if(?![\w.])")
_BASE = re.compile(r"[.\[]")


class Coverage(Value, frozen=True):
    """What was reached.

    Attributes:
        lines: of statements and definitions in the pack, over all files.
        reached: how many of them a test reached.
        missed: file and line of the others.
        undecided: rule and what its tests do not show: `never decides`, `always decides`.
    """

    lines: int
    reached: int
    missed: tuple[tuple[str, int], ...]
    undecided: tuple[tuple[str, str], ...]

    @property
    def percent(self) -> float:
        """Of the lines, those that were reached; 100 when there is none."""
        return 100.0 * self.reached / self.lines if self.lines else 100.0


@dataclass
class Collector:
    """Gathers what tests reach, over all of them."""

    pack: Pack
    marks: dict[str, tuple[str, int]] = field(default_factory=dict)  # rule of the trace -> file, line
    plain: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    seen: set[tuple[str, int]] = field(default_factory=set)
    decided: dict[str, set[bool]] = field(default_factory=dict)

    def files(self) -> Mapping[str, str]:
        """The pack's modules with marks."""
        return {file: self._marked(read(file, text)) for file, text in self.pack.files.items()}

    def saw(self, rule: str, value: Any) -> None:
        """Takes one rule of a trace, by its path below `data`, and its value."""
        if rule in self.marks:
            self.seen.add(self.marks[rule])
        self.seen.update(self.plain.get(rule, ()))
        if rule in self.decided:
            self.decided[rule].add(bool(value))

    def report(self) -> Coverage:
        """What was reached so far."""
        every = {*self.marks.values(), *(place for places in self.plain.values() for place in places)}
        undecided = []
        for rule in self.pack.rules:
            told = {answer for one in rule.contributes for answer in self.decided[f"{rule.package}.{one}"]}
            if told != {True, False}:
                undecided.append((rule.id, "never decides" if True not in told else "always decides"))
        missed = tuple(sorted(every - self.seen))
        return Coverage(len(every), len(every) - len(missed), missed, tuple(undecided))

    def __post_init__(self) -> None:
        for rule in self.pack.rules:
            for one in rule.contributes:
                self.decided[f"{rule.package}.{one}"] = set()

    def _marked(self, module: Module) -> str:
        package = ".".join(module.package)
        lines = module.text.split("\n")
        clean = quiet(module.text).split("\n")
        added: dict[int, list[str]] = {}
        rules: list[str] = []
        for head in module.rules:
            statements = list(_statements(head))
            one_line = len(statements) == 1 and not head.alternatives and not _has_block(head)
            if not statements or (head.alternatives and not _has_block(head)):
                self.plain.setdefault(f"{package}.{_BASE.split(head.name)[0]}", []).append((module.file, head.line))
                continue
            if one_line:
                begin = next(token.line for token in head.tokens if token.text == "if" and token.kind == "name") - 1
                found = _IF.search(clean[begin])
                if found is None:
                    continue
                lines[begin] = f"{lines[begin][: found.end()]} {{{lines[begin][found.end() :]}"
            known = {argument[0].text for argument in head.arguments or () if len(argument) == 1}
            known = {name for name in known if name.isidentifier() and name != "_"}
            bound = {place: _bound(head, place) for _, place in statements}
            for first, last in statements:
                name = f"{_MARK}{first}"
                # The mark takes every variable that has a value here: the compiler moves what depends on no variable
                # in front of the loops.
                added.setdefault(last, []).append(f"{name}([{', '.join(sorted(known | bound[last]))}])")
                rules.append(f"{name}(_) := true")
                self.marks[f"{package}.{name}"] = (module.file, first)
            if one_line:
                added[statements[-1][1]].append("}")
        text = "\n".join("\n".join([line, *added.get(number, [])]) for number, line in enumerate(lines, start=1))
        return "\n".join([text, *dict.fromkeys(rules), ""])


def _statements(head: Head) -> Iterator[tuple[int, int]]:
    """First and last line of each statement that has its lines for itself."""
    taken: set[int] = set()
    for body in head.bodies[:1]:
        spans = [(one.line, one.tokens[-1].line) for one in body]
        for first, last in spans:
            alone = sum(start <= last and first <= end for start, end in spans) == 1
            if alone and not taken & set(range(first, last + 1)):
                taken |= set(range(first, last + 1))
                yield first, last


def _bound(head: Head, last: int) -> set[str]:
    """The variables that the statements up to a line bind at the top of the body."""
    found: set[str] = set()
    for one in head.bodies[0]:
        if one.tokens[-1].line <= last:
            if one.tokens[0].text == "some":
                at = find(one.tokens, "in")
                found |= {token.text for token in one.tokens[1 : at or 0] if token.kind == "name"}
            found |= assigns(one)
    return {name for name in found if name != "_"}


def _has_block(head: Head) -> bool:
    """Whether the body stands in braces, so that a line may be added to it."""
    at = next((place for place, token in enumerate(head.tokens) if token.text == "if" and token.kind == "name"), None)
    if at is None or at + 1 >= len(head.tokens) or head.tokens[at + 1].text != "{":
        return False
    first = head.bodies[0][0].tokens[0] if head.bodies and head.bodies[0] else None
    return first is not head.tokens[at + 1] and (first is None or head.tokens[at + 1].line < first.line)
