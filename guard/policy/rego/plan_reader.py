"""Reads OPA's IR strictly from its JSON form (`plan.json`): anything unexpected is an error that says where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from guard.errors import PolicyError
from guard.policy.rego import whole
from guard.policy.rego.ir import Const, Function, Local, Operand, Place, Plan, Program, Statement
from guard.policy.rego.metadata import KEY
from guard.policy.rego.numbers import NumberTextError, parse_number

MAX_STATEMENTS: Final = 500_000
MAX_DEPTH: Final = 200
MAX_LOCALS: Final = 1_000_000
_CAN_FAIL: Final = frozenset({"AssignVarOnce", "ObjectInsertOnce", "Scan"})  # by a conflict or a limit


class _Fields:
    """A JSON object of the plan, read by name and type; anything missing or of another type is an error."""

    def __init__(self, raw: object, where: str) -> None:
        if not isinstance(raw, dict):
            raise broken(where)
        self.raw: dict[str, Any] = raw
        self.where = where

    def get(self, name: str, kind: type) -> Any:
        found = self.raw.get(name)
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise broken(f"{self.where}.{name}")
        return found

    def items(self, name: str) -> list[Any]:
        found = self.raw.get(name)
        if found is None:
            return []
        if not isinstance(found, list):
            raise broken(f"{self.where}.{name}")
        return found


def broken(where: str) -> PolicyError:
    """The error for a plan that is not OPA's IR."""
    return PolicyError(
        f"the plan is not valid IR at `{where}`", help="build the plan again with `opa build -t plan` or from Rego"
    )


def read_program(raw: object) -> Program:
    """Reads a plan file (`plan.json`).

    Raises:
        PolicyError: the plan is not valid IR.
    """
    return _Reader(raw).program()


class _Reader:
    def __init__(self, raw: object) -> None:
        self.top = _Fields(raw, "plan")
        static = _Fields(self.top.raw.get("static"), "static")
        self.strings = [_Fields(item, "static.strings").get("value", str) for item in static.items("strings")]
        self.last: Place | None = None  # of the statement before; regopy leaves some without
        self.files = [_Fields(item, "static.files").get("value", str) for item in static.items("files")]
        self.statements = 0

    def program(self) -> Program:
        plans = _Fields(self.top.get("plans", dict), "plans").items("plans")
        functions = _Fields(self.top.raw.get("funcs") or {}, "funcs").items("funcs")
        found = [self._function(_Fields(item, "function")) for item in functions]
        names = {function.name: function for function in found}
        metadata = self.top.raw.get(KEY, {})
        if not isinstance(metadata, dict):
            raise broken(KEY)
        if len(names) != len(found):
            raise broken("funcs: the same name twice")
        read = [self._plan(_Fields(item, "plan")) for item in plans]
        if self.top.raw.get(whole.KEY) is True:
            read.append(whole.whole(names))
        return Program(tuple(read), names, metadata)

    def _plan(self, fields: _Fields) -> Plan:
        return Plan(fields.get("name", str), self._blocks(fields.items("blocks"), 0))

    def _function(self, fields: _Fields) -> Function:
        params = tuple(fields.items("params"))
        path = tuple(fields.items("path"))
        if (
            not all(type(number) is int and 0 <= number < MAX_LOCALS for number in params)
            or len(params) < 2
            or not all(type(p) is str for p in path)
        ):
            raise broken("function.params")
        name = fields.get("name", str)
        self.last = None
        return Function(
            name,
            path or tuple(name.split(".")),
            params,
            _local(fields.get("return", int)),
            self._blocks(fields.items("blocks"), 0),
        )

    def _blocks(self, raw: list[Any], depth: int) -> tuple[list[Statement], ...]:
        return tuple(self._block(item, depth) for item in raw)

    def _block(self, raw: object, depth: int) -> list[Statement]:
        if depth > MAX_DEPTH:
            raise broken("blocks: nested too deeply")
        return [self._statement(item, depth) for item in _Fields(raw, "block").items("stmts")]

    def _statement(self, raw: object, depth: int) -> Statement:
        self.statements += 1
        if self.statements > MAX_STATEMENTS:
            raise broken("too many statements")
        outer = _Fields(raw, "statement")
        kind = outer.get("type", str)
        fields = _Fields(outer.raw.get("stmt"), kind)
        shape = _SHAPES.get(kind.removesuffix("Stmt"))
        if shape is None:
            raise broken(kind)
        place = self._place(fields.raw)
        self.last = place or self.last
        op = kind.removesuffix("Stmt")
        statement = Statement(
            op=op,
            reads=tuple(self._operand(fields, name) for name in shape.reads),
            writes=tuple(_local(fields.get(name, int)) for name in shape.writes),
            place=self.last if op in _CAN_FAIL else place,
        )
        self._special(statement, fields, depth)
        return statement

    def _special(self, statement: Statement, fields: _Fields, depth: int) -> None:
        """What is particular to one kind of statement."""
        match statement.op:
            case "Call":
                statement.name = fields.get("func", str)
                statement.reads = tuple(self._any_operand(item) for item in fields.items("args"))
            case "CallDynamic":
                path = tuple(self._any_operand(item) for item in fields.items("path"))
                statement.path = (len(path),)
                args = tuple(self._local_or_operand(item) for item in fields.items("args"))
                statement.reads = (*path, *args)
            case "MakeNumberRef":
                statement.reads = (Const(self._number(fields.get("index", int))),)
            case "MakeNumberInt" | "AssignInt":
                statement.reads = (Const(fields.get("value", int)),)
            case "Break":
                statement.index = fields.get("index", int)
            case "Block":
                statement.blocks = self._blocks(fields.items("blocks"), depth + 1)
            case "Not" | "Scan":
                statement.blocks = (self._block(fields.raw.get("block"), depth + 1),)
            case "With":
                statement.index = _local(fields.get("local", int))
                statement.path = tuple(self._string(number) for number in fields.items("path"))
                statement.reads = (self._operand(fields, "value"),)
                statement.blocks = (self._block(fields.raw.get("block"), depth + 1),)
            case _:
                pass

    def _operand(self, fields: _Fields, name: str) -> Operand:
        found = fields.raw.get(name)
        return self._local_or_operand(found)

    def _local_or_operand(self, raw: object) -> Operand:
        """Some fields hold a bare local number, others an operand; both mean the same."""
        if type(raw) is int:
            return Local(_local(raw))
        return self._any_operand(raw)

    def _any_operand(self, raw: object) -> Operand:
        fields = _Fields(raw, "operand")
        value = fields.raw.get("value")
        kind = fields.get("type", str)
        if kind == "local" and type(value) is int:
            return Local(_local(value))
        if kind == "string_index" and type(value) is int:
            return Const(self._string(value))
        if kind == "bool" and type(value) is bool:
            return Const(value)
        raise broken("operand")

    def _string(self, index: object) -> str:
        if type(index) is not int or not 0 <= index < len(self.strings):
            raise broken("static.strings: no such index")
        text: str = self.strings[index]
        return text

    def _number(self, index: int) -> Any:
        try:
            return parse_number(self._string(index))
        except NumberTextError as error:
            raise PolicyError(
                f"a constant of the policy cannot be used: {error}", help="write a smaller number"
            ) from error

    def _place(self, raw: Mapping[str, Any]) -> Place | None:
        file, row, col = raw.get("file"), raw.get("row"), raw.get("col")
        if type(file) is not int or type(row) is not int or type(col) is not int or not 0 <= file < len(self.files):
            return None
        return Place(self.files[file], row, col)


def _local(number: int) -> int:
    if not 0 <= number < MAX_LOCALS:
        raise broken("local")
    return number


class _Shape(NamedTuple):
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


_SHAPES: Final[Mapping[str, _Shape]] = {
    "ArrayAppend": _Shape(("array", "value")),
    "AssignInt": _Shape((), ("target",)),
    "AssignVar": _Shape(("source",), ("target",)),
    "AssignVarOnce": _Shape(("source",), ("target",)),
    "Block": _Shape(),
    "Break": _Shape(),
    "Call": _Shape((), ("result",)),
    "CallDynamic": _Shape((), ("result",)),
    "Dot": _Shape(("source", "key"), ("target",)),
    "Equal": _Shape(("a", "b")),
    "IsArray": _Shape(("source",)),
    "IsDefined": _Shape(("source",)),
    "IsObject": _Shape(("source",)),
    "IsSet": _Shape(("source",)),
    "IsUndefined": _Shape(("source",)),
    "Len": _Shape(("source",), ("target",)),
    "MakeArray": _Shape((), ("target",)),
    "MakeNull": _Shape((), ("target",)),
    "MakeNumberInt": _Shape((), ("target",)),
    "MakeNumberRef": _Shape((), ("target",)),
    "MakeObject": _Shape((), ("target",)),
    "MakeSet": _Shape((), ("target",)),
    "Nop": _Shape(),
    "Not": _Shape(),
    "NotEqual": _Shape(("a", "b")),
    "ObjectInsert": _Shape(("object", "key", "value")),
    "ObjectInsertOnce": _Shape(("object", "key", "value")),
    "ObjectMerge": _Shape(("a", "b"), ("target",)),
    "ResetLocal": _Shape((), ("target",)),
    "ResultSetAdd": _Shape(("value",)),
    "ReturnLocal": _Shape(("source",)),
    "Scan": _Shape(("source",), ("key", "value")),
    "SetAdd": _Shape(("value", "set")),
    "With": _Shape(),
}
