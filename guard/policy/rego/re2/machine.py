"""The automaton of a pattern and its simulation: all ways through the pattern at once, one character at a time.

After Thompson and Pike; see Russ Cox, "Regular Expression Matching: the Virtual Machine Approach". The threads are
kept in the order of preference, so the first to match is the one that a backtracking matcher would find.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from guard.policy.rego.re2.classes import WORD, Ranges, contains
from guard.policy.rego.re2.syntax import (
    UNBOUNDED,
    Assertion,
    Chars,
    Choice,
    Group,
    Node,
    PatternError,
    Repeat,
    Sequence,
)

MAX_INSTRUCTIONS: Final = 20_000
Bounds = tuple[int, ...]


class Instruction(NamedTuple):
    """`char` consumes one, `split` goes two ways (first preferred), `save` notes the place, `assert`, `match`."""

    op: str
    ranges: Ranges = ()
    first: int = 0
    second: int = 0
    slot: int = 0
    kind: str = ""


def assemble(root: Node) -> tuple[Instruction, ...]:
    """The program of a pattern, with the whole match in the slots 0 and 1.

    Raises:
        PatternError: the pattern is too large once its repetitions are written out.
    """
    assembler = _Assembler()
    assembler.emit(Instruction("save", slot=0))
    assembler.node(root)
    assembler.emit(Instruction("save", slot=1))
    assembler.emit(Instruction("match"))
    return tuple(assembler.code)


class _Assembler:
    def __init__(self) -> None:
        self.code: list[Instruction] = []

    def emit(self, instruction: Instruction) -> int:
        if len(self.code) >= MAX_INSTRUCTIONS:
            raise PatternError("the pattern is too large")
        self.code.append(instruction)
        return len(self.code) - 1

    def node(self, node: Node) -> None:
        match node:
            case Chars(ranges):
                self.emit(Instruction("char", ranges=ranges))
            case Assertion(kind):
                self.emit(Instruction("assert", kind=kind))
            case Group(number, inner):
                self.emit(Instruction("save", slot=2 * number))
                self.node(inner)
                self.emit(Instruction("save", slot=2 * number + 1))
            case Sequence(parts):
                for part in parts:
                    self.node(part)
            case Choice(parts):
                self.choice(parts)
            case Repeat():
                self.repeat(node)

    def choice(self, parts: tuple[Node, ...]) -> None:
        jumps = []
        for part in parts[:-1]:
            split = self.emit(Instruction("split"))
            self.node(part)
            jumps.append(self.emit(Instruction("jump")))
            self.code[split] = Instruction("split", first=split + 1, second=len(self.code))
        self.node(parts[-1])
        for jump in jumps:
            self.code[jump] = Instruction("jump", first=len(self.code))

    def repeat(self, node: Repeat) -> None:
        for _ in range(node.low):
            self.node(node.inner)
        if node.high == UNBOUNDED:
            split = self.emit(Instruction("split"))
            self.node(node.inner)
            self.emit(Instruction("jump", first=split))
            self.code[split] = self.split(split + 1, len(self.code), greedy=node.greedy)
            return
        splits = []
        for _ in range(node.high - node.low):
            splits.append(self.emit(Instruction("split")))
            self.node(node.inner)
        for split in splits:
            self.code[split] = self.split(split + 1, len(self.code), greedy=node.greedy)

    @staticmethod
    def split(inside: int, after: int, *, greedy: bool) -> Instruction:
        first, second = (inside, after) if greedy else (after, inside)
        return Instruction("split", first=first, second=second)


def holds(kind: str, text: str, position: int) -> bool:
    """True when an assertion holds at a place."""
    match kind:
        case "start":
            return position == 0
        case "end":
            return position == len(text)
        case "line-start":
            return position == 0 or text[position - 1] == "\n"
        case "line-end":
            return position == len(text) or text[position] == "\n"
        case _:
            before = position > 0 and contains(WORD, ord(text[position - 1]))
            after = position < len(text) and contains(WORD, ord(text[position]))
            return (before != after) is (kind == "boundary")


Thread = tuple[int, Bounds]


def search(program: tuple[Instruction, ...], slots: int, text: str, start: int) -> Bounds | None:
    """The bounds of the leftmost match from `start` on, and of its groups (-1 where a group took no part)."""
    empty = (-1,) * slots
    threads: list[Thread] = []
    found: Bounds | None = None
    for position in range(start, len(text) + 1):
        if found is None:
            _follow(program, threads, {number for number, _ in threads}, (0, empty), text, position)
        elif not threads:
            break
        code = ord(text[position]) if position < len(text) else -1
        ahead: list[Thread] = []
        seen: set[int] = set()
        for number, bounds in threads:
            instruction = program[number]
            if instruction.op == "match":
                found = bounds
                break
            if code >= 0 and contains(instruction.ranges, code):
                _follow(program, ahead, seen, (number + 1, bounds), text, position + 1)
        threads = ahead
    return found


def _follow(
    program: tuple[Instruction, ...], threads: list[Thread], seen: set[int], start: Thread, text: str, position: int
) -> None:
    """Adds the thread and all it leads to without consuming a character, in order of preference."""
    stack = [start]
    while stack:
        number, bounds = stack.pop()
        if number in seen:
            continue
        seen.add(number)
        instruction = program[number]
        match instruction.op:
            case "jump":
                stack.append((instruction.first, bounds))
            case "split":
                stack.append((instruction.second, bounds))
                stack.append((instruction.first, bounds))
            case "save":
                noted = (*bounds[: instruction.slot], position, *bounds[instruction.slot + 1 :])
                stack.append((number + 1, noted))
            case "assert":
                if holds(instruction.kind, text, position):
                    stack.append((number + 1, bounds))
            case _:
                threads.append((number, bounds))
