"""Writing one function: its blocks, the ways out of them, its operands.

A block of IR ends early when a statement in it is undefined. It becomes `while True: ... break` where it can, and
nothing at all where its end is the end of what surrounds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, Protocol

from guard.errors import PolicyError
from guard.policy.rego.answered import Answered
from guard.policy.rego.emit.lines import Lines, chunks, ends, indent, without_last_flag
from guard.policy.rego.flow import Flow
from guard.policy.rego.ir import Const, Function, Local, Operand, Program, Statement, walk

NONE: Final[frozenset[int]] = frozenset()
PLAIN_JSON: Final = frozenset({str, bool, int, float, type(None)})
MAX_CONSTRUCTS: Final = 16  # CPython refuses more than 20 nested loops; deeper blocks become inner functions


class ProgramWriter(Protocol):
    """What a function needs to know of the program it belongs to."""

    program: Program
    builtins: Any
    trace: bool
    slots: dict[str, int]
    names: dict[str, str]
    paths: dict[tuple[int, tuple[str, ...]], int]
    first_path: int
    answered: Answered
    statements: Mapping[str, Callable[[FunctionWriter, Statement], Lines]]

    def constant(self, value: Any) -> str:
        """A literal for a constant."""

    def named(self, value: Any) -> str:
        """A name for a constant that has no literal."""


@dataclass(slots=True)
class Level:
    """A block that can be left early: which Python construct carries it and how that is left."""

    construct: int
    leave: str  # the statement that leaves the block
    abandon: str  # the statement that leaves the construct for good
    negated: bool = False  # the block of a `not`, which succeeds by being undefined
    found: str = ""  # the flag of an `Exists`, set at its first success


class FunctionWriter:
    """The state of writing one function, and what all statements share: blocks, ways out of them, operands."""

    def __init__(self, writer: ProgramWriter, function: Function, name: str = "") -> None:
        self.writer = writer
        self.function = function
        self.is_plan = bool(name)
        self.name = name or writer.names[function.name]
        self.slot = 0 if name else writer.slots.get(function.name, 0)
        known = writer.answered
        self.objects = known.listed.get(function.name, NONE) if not name else NONE  # that a set which is a list gets
        self.listed = function.result if self.objects else -1
        self.finished = known.finished.get(function.name, NONE) if not name else NONE  # parts of the answer
        self.from_listed = {
            one.writes[0]: one.name
            for one in walk(function.blocks)
            if one.op == "Call" and one.name in known.listed and one.name != function.name
        }
        self.flow = Flow(function.blocks, function.params)
        self.from_listed = {n: rule for n, rule in self.from_listed.items() if self.flow.single(n)}
        fetched = {one.writes[0] for one in walk(function.blocks) if one.op == "Fetch"}
        self.asked = {  # fetched before a loop, once, and asked for members in it
            number
            for one in walk(function.blocks)
            if one.op == "Check" and one.name == "internal.member_2" and type(one.reads[1]) is Local
            for number in fetched & {one.reads[1].number}
            if self.flow.single(number)
        }
        self.levels: list[Level] = []
        self.constructs = 0
        self.flags: set[int] = set()  # constructs after which a deeper break goes on
        self.successes: dict[int, dict[str, None]] = {}  # construct -> flags of `Exists` that a success in it may set
        self.counter = 0
        self.outlined = False
        self.uses_run = False
        self.used: set[int] = set()  # constructs that something leaves early
        self.in_outline = 0

    def lines(self) -> Lines:
        body: Lines = []
        leave = self.give_back_nothing()
        count = len(self.function.blocks)
        for position, block in enumerate(self.function.blocks):
            if position == count - 1:
                self.levels.append(Level(0, leave, leave))
                body += self.statements(block)
                self.levels.pop()
            else:
                body += self.block(block)
        if not ends(body):
            body += [leave]
        params = ", ".join([f"l{number}" for number in self.function.params] + ["m"])
        head = [f"def {self.name}({params}):"]
        unset = self.unset()
        start = [f" {' = '.join(f'l{number}' for number in chunk)} = U" for chunk in chunks(sorted(unset))]
        if self.uses_run:
            start.append(" r = m[0]")
        if self.flags:
            start.append(" b = 0")
        return head + start + indent(body)

    def unset(self) -> set[int]:
        written = {number for statement in walk(self.function.blocks) for number in statement.writes}
        if self.outlined:
            return written - set(self.function.params)
        return (self.flow.doubtful | ({self.function.result} & written)) - set(self.function.params)

    def give_back_nothing(self) -> str:
        return self.give_back("U")

    def give_back(self, value: str) -> str:
        if self.writer.trace and not self.is_plan:
            self.uses_run = True
            value = f"r.note({'.'.join(self.function.path)!r}, {value})"
        if self.slot:
            return f"m[{self.slot}] = v = {value}; return v"
        return f"return {value}"

    # --- blocks -----------------------------------------------------------------------------------------------

    def block(self, block: list[Statement], *, last: bool = False) -> Lines:
        """A block of its own; `last` when its end is the end of the block around it."""
        if last and self.levels:
            around = self.levels[-1]
            self.levels.append(around)
            lines = self.statements(block)
            self.levels.pop()
            return lines
        self.constructs += 1
        construct = self.next()
        level = Level(construct, "break", "break")
        self.levels.append(level)
        lines = self.statements(block)
        self.levels.pop()
        self.constructs -= 1
        if construct not in self.used:
            return lines
        lines = without_last_flag(lines)
        wrapped = ["while True:", *indent(lines)]
        if not ends(lines):
            wrapped.append(" break")
        return wrapped + self.continue_break(construct)

    def continue_break(self, construct: int) -> Lines:
        """After a construct that a deeper break left: leave the next one too."""
        outer = self.levels[-1] if self.levels else None
        lines: Lines = []
        for flag in self.successes.get(construct, ()):
            if outer is not None:
                self.used.add(outer.construct)
                lines.append(f"if {flag}: {outer.abandon}")
        if construct not in self.flags:
            return lines
        if outer is None:
            return ["b = 0"]
        self.used.add(outer.construct)
        return [*lines, "if b > 1:", " b -= 1", f" {outer.abandon}", "if b:", " b = 0", f" {outer.leave}"]

    def succeed(self, depth: int) -> Lines:
        """Leaves `depth` + 1 blocks, the last of them an `Exists`, whose flag tells the blocks between of it."""
        target, here = self.levels[-1 - depth], self.levels[-1]
        crossed = dict.fromkeys(level.construct for level in self.levels[len(self.levels) - 1 - depth :])
        for construct in crossed:
            self.used.add(construct)
            if construct != target.construct:
                self.successes.setdefault(construct, {})[target.found] = None
        return [f"{target.found} = True", here.abandon]

    def leave(self, depth: int = 0) -> str:
        """The statement that leaves `depth` + 1 blocks."""
        if depth >= len(self.levels):
            if self.in_outline:
                raise PolicyError(
                    "the plan breaks out of a block that is nested too deeply", help="split the rule into smaller rules"
                )
            return self.give_back_nothing()
        target = self.levels[-1 - depth]
        here = self.levels[-1]
        if target.leave.startswith(("return", "m[")):
            return target.leave
        self.used.add(here.construct)
        if target.construct == here.construct:
            return target.leave
        crossed = list(
            dict.fromkeys(level.construct for level in reversed(self.levels[len(self.levels) - 1 - depth :]))
        )
        self.flags.update(crossed[:-1])
        return f"b = {len(crossed) - 1}; {here.abandon}"

    def statements(self, block: list[Statement]) -> Lines:
        lines: Lines = []
        position = 0
        while position < len(block):
            literal, count = self.literal(block, position)
            if count:
                lines.append(literal)
                position += count
                continue
            lines += self.statement(block[position], last=position == len(block) - 1)
            position += 1
        return lines

    def literal(self, block: list[Statement], start: int) -> tuple[str, int]:
        """A new array or object with the members put into it right after, as one literal; 0 where there is none."""
        make = block[start]
        if make.op not in {"MakeArray", "MakeObject"}:
            return "", 0
        target = Local(make.writes[0])
        insert = "ArrayAppend" if make.op == "MakeArray" else "ObjectInsert"
        members: list[str] = []
        for statement in block[start + 1 :]:
            if (
                statement.op != insert
                or statement.reads[0] != target
                or target in statement.reads[1:]
                or self.guard(statement)
            ):
                break
            *key, value = statement.reads[1:]
            if key and (type(key[0]) is not Const or type(key[0].value) is not str):
                break
            members.append(": ".join([*map(self.operand, key), self.member(target, value)]))
        opening, closing = "[]" if make.op == "MakeArray" else "{}"
        return f"l{target.number} = {opening}{', '.join(members)}{closing}", len(members) + 1 if members else 0

    def statement(self, statement: Statement, *, last: bool) -> Lines:
        if (
            statement.blocks
            and self.constructs >= MAX_CONSTRUCTS
            and statement.op in {"Block", "Not", "Scan", "With", "Exists"}
        ):
            return self.outline(statement)
        write = self.writer.statements.get(statement.op.lower())
        if write is not None:
            return write(self, statement)
        if statement.op == "Block":
            count = len(statement.blocks)
            return [
                line
                for n, inner in enumerate(statement.blocks)
                for line in self.block(inner, last=last and n == count - 1)
            ]
        raise PolicyError(
            f"the plan has a statement that guard does not know: `{statement.op}`",
            help="build the plan with a supported OPA",
        )

    def outline(self, statement: Statement) -> Lines:
        """A deeply nested statement as an inner function that answers whether its block is undefined."""
        self.outlined = True
        kept, self.levels, constructs = self.levels, [], self.constructs
        self.constructs = 0
        self.in_outline += 1
        name = f"o{self.next()}"
        self.levels.append(Level(self.next(), "return True", "return True"))
        body = self.statement(statement, last=False)
        self.in_outline -= 1
        self.levels, self.constructs = kept, constructs
        written = {number for inner in walk(([statement],)) for number in inner.writes} - set(self.function.params)
        inside = [inner for inner in walk(([statement],)) if inner.op == "With"]
        written |= {inner.index for inner in inside}
        names = [f"l{number}" for number in sorted(written)] + (["m"] if inside else [])
        outer = [f" nonlocal {', '.join(names)}"] if names else []
        flag = [" b = 0"] if self.flags else []
        return [f"def {name}():", *outer, *flag, *indent(body), " return False", f"if {name}(): {self.leave()}"]

    def next(self) -> int:
        self.counter += 1
        return self.counter

    # --- operands ---------------------------------------------------------------------------------------------

    def operand(self, operand: Operand) -> str:
        return self.writer.constant(operand.value) if type(operand) is Const else f"l{number_of(operand)}"

    def answer_size(self) -> int:
        """Nodes of the answer that this function makes itself."""
        return len(self.finished) + sum(
            1
            for one in walk(self.function.blocks)
            if one.op in {"ObjectInsert", "ArrayAppend"} and number_of(one.reads[0]) in self.finished
        )

    def member(self, container: Operand, operand: Operand) -> str:
        """A value as it is put into an object or array: as JSON where that is a part of the answer."""
        text = self.operand(operand)
        number = container.number if type(container) is Local else -1
        if number not in self.objects | self.finished or (type(operand) is Const and type(operand.value) in PLAIN_JSON):
            return text
        if type(operand) is Local and operand.number in self.finished:
            return text
        self.uses_run = True
        if type(operand) is Local and operand.number in self.from_listed:
            keys = self.writer.answered.keys.get(self.from_listed[operand.number], ())
            if not keys:
                return f"(given({text}, r.budget) if {text} else [])"
            first = self.writer.named(itemgetter(keys[0]))
            return f"(given_alike({text}, r.budget, {first}, {len(keys)}) if {text} else [])"
        if number in self.objects:
            plain = f"type({text}) is str or type({text}) is int"
            return f"{text} if {plain} else settle({text}, l{self.listed}, r)"
        return f"{text} if type({text}) is str else finish({text}, r.budget)"

    def doubtful(self, operand: Operand) -> bool:
        return type(operand) is Local and (operand.number in self.flow.doubtful or operand.number == 0)

    def guard(self, statement: Statement) -> Lines:
        """Leaves the block when an operand is undefined; nothing where that cannot be."""
        sure = self.flow.sure.get(id(statement), frozenset())
        return [
            f"if {self.operand(operand)} is U: {self.leave()}"
            for operand in dict.fromkeys(statement.reads)
            if type(operand) is Local and operand.number not in sure and self.doubtful(operand)
        ]

    def kind(self, operand: Operand) -> str:
        if type(operand) is Local:
            return self.flow.kinds.get(operand.number, "")
        return type(operand.value).__name__ if type(operand) is Const else ""


def number_of(operand: Operand) -> int:
    """The number of a local."""
    if type(operand) is not Local:
        raise TypeError("not a local")
    return operand.number
