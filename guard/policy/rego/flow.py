"""What is known about the locals of a function before code is generated for it.

Three questions, answered by walking the statements in order:

* *definitely assigned*: has every way to this point given the local a value? Then it cannot be undefined here.
* *possibly assigned*: has any way? If not, reading the local is Rego's unsafe variable.
* *replaceable*: is the local written once, from a constant or another local written once, and only read where it
  is definitely assigned? Then every read can use the source instead.
"""

from __future__ import annotations

from collections import Counter

from guard.policy.rego.ir import Const, Local, Operand, Statement, walk

NEVER_LEAVES = frozenset(
    {
        "ArrayAppend",
        "AssignInt",
        "AssignVar",
        "AssignVarOnce",
        "MakeArray",
        "MakeNull",
        "MakeNumberInt",
        "MakeNumberRef",
        "MakeObject",
        "MakeSet",
        "Nop",
        "ObjectInsert",
        "ObjectInsertOnce",
        "ResetLocal",
        "SetAdd",
        "Block",
        "ResultSetAdd",
    }
)
"""Statements that cannot be undefined by themselves and so never leave their block early."""

PURE = frozenset(
    {
        "AssignInt",
        "AssignVar",
        "MakeArray",
        "MakeNull",
        "MakeNumberInt",
        "MakeNumberRef",
        "MakeObject",
        "MakeSet",
        "ResetLocal",
    }
)
MAY_READ_UNDEFINED = frozenset({"IsDefined", "IsUndefined", "ReturnLocal"})


class Flow:
    """The facts about one function."""

    def __init__(self, blocks: tuple[list[Statement], ...], params: tuple[int, ...]) -> None:
        self.params = params
        self.writes: Counter[int] = Counter()
        self.sources: dict[int, Operand] = {}
        self.doubtful: set[int] = set()  # read somewhere without being definitely assigned
        self.unsafe: list[tuple[int, Statement]] = []
        self.sure: dict[int, frozenset[int]] = {}  # id of statement -> locals definitely assigned before it
        self.shadowed: set[int] = set()  # locals that `with` replaces for a while
        for statement in walk(blocks):
            self.writes.update(statement.writes)
            if statement.op == "With":
                self.shadowed.add(statement.index)
            if statement.op in {"AssignVar", "MakeNumberRef", "MakeNumberInt", "AssignInt"}:
                self.sources[statement.writes[0]] = statement.reads[0]
            elif statement.op == "MakeNull":
                self.sources[statement.writes[0]] = Const(None)
        self.kinds = self._kinds(blocks)
        possible = set(params)
        known = set(params) - {0}  # the input may be absent
        for block in blocks:
            known = self._block(block, known, possible)

    def _kinds(self, blocks: tuple[list[Statement], ...]) -> dict[int, str]:
        """Locals that only ever hold a fresh array, object or set."""
        kinds: dict[int, set[str]] = {}
        for statement in walk(blocks):
            for number in statement.writes:
                if statement.op != "ResetLocal":
                    kinds.setdefault(number, set()).add(statement.op)
        made = {"MakeArray": "list", "MakeObject": "dict", "MakeSet": "set"}
        return {
            number: made[next(iter(ops))] for number, ops in kinds.items() if len(ops) == 1 and next(iter(ops)) in made
        }

    def _block(self, block: list[Statement], known: set[int], possible: set[int]) -> set[int]:
        """Walks one block; returns what is definitely assigned after it, however it was left."""
        floor = set(known)
        certain = True  # the block has not been able to end early so far
        for statement in block:
            self._reads(statement, known, possible)
            self.sure[id(statement)] = frozenset(known)
            gone, stays = self._effects(statement, known, possible)
            known = (known - gone) | stays
            floor -= gone
            certain = certain and not leaves(statement)
            if certain:
                floor |= stays
        return floor

    def _reads(self, statement: Statement, known: set[int], possible: set[int]) -> None:
        for operand in statement.reads:
            if type(operand) is not Local:
                continue
            if operand.number not in known:
                self.doubtful.add(operand.number)
                if operand.number not in possible and statement.op not in MAY_READ_UNDEFINED:
                    self.unsafe.append((operand.number, statement))

    def _effects(self, statement: Statement, known: set[int], possible: set[int]) -> tuple[set[int], set[int]]:
        """The locals that a statement makes undefined, and those it gives a value."""
        op = statement.op
        if op == "ResetLocal":
            return set(statement.writes), set()
        if op == "Block":
            before = set(known)
            for block in statement.blocks:
                known = self._block(block, set(known), possible)
            return before - known, known - before
        if op in {"Not", "Scan"}:
            possible.update(statement.writes)
            inner = known | set(statement.writes)
            after = self._block(statement.blocks[0], inner, possible)
            return inner - after, set()
        if op == "Exists":
            after = set(known)
            for block in statement.blocks:
                after &= self._block(block, set(known), possible)
            return known - after, set()
        if op == "With":
            inner = set(known)
            after = self._inside(statement.blocks[0], inner, possible)
            return inner - after, after - inner
        possible.update(statement.writes)
        if op == "Fetch":
            return set(statement.writes), set()
        if op in {"AssignVar", "AssignVarOnce"}:
            source = statement.reads[0]
            if type(source) is Local and source.number not in known:
                return (set(statement.writes) if op == "AssignVar" else set()), set()
        if op == "IsDefined" and type(statement.reads[0]) is Local:
            return set(), {statement.reads[0].number}
        return set(), set(statement.writes)

    def _inside(self, block: list[Statement], known: set[int], possible: set[int]) -> set[int]:
        """Like `_block`, but for a block whose early end also ends the block around it."""
        for statement in block:
            self._reads(statement, known, possible)
            self.sure[id(statement)] = frozenset(known)
            gone, stays = self._effects(statement, known, possible)
            known = (known - gone) | stays
        return known

    def single(self, number: int) -> bool:
        """True for a local that keeps the one value it gets until it gets it anew."""
        return self.writes[number] + (number in self.params) == 1 and number not in self.shadowed

    def replacement(self, operand: Operand) -> Operand:
        """The constant or the local that stands for an operand."""
        seen = 0
        while type(operand) is Local and operand.number in self.sources and seen < 1000:
            source = self.sources[operand.number]
            if not self.single(operand.number) or operand.number in self.doubtful:
                break
            if type(source) is Local and (not self.single(source.number) or source.number in self.doubtful):
                break
            operand = source
            seen += 1
        return operand


def leaves(statement: Statement) -> bool:
    """True when the statement can end the block it stands in."""
    if statement.op == "Block":
        return any(statement_breaks_out(inner, 1) for block in statement.blocks for inner in block)
    return statement.op not in NEVER_LEAVES


def statement_breaks_out(statement: Statement, depth: int) -> bool:
    """True when a `Break` inside leaves more than `depth` blocks."""
    if statement.op == "Break":
        return statement.index >= depth
    if statement.op in {"ReturnLocal", "Found"}:
        return True
    return any(statement_breaks_out(inner, depth + 1) for block in statement.blocks for inner in block)
