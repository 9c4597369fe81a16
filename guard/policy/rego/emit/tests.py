"""Statements that test values and leave the block."""

from __future__ import annotations

from guard.policy.rego import inline
from guard.policy.rego.emit.function import FunctionWriter
from guard.policy.rego.emit.lines import Lines
from guard.policy.rego.ir import Const, Statement


def _test(w: FunctionWriter, statement: Statement, *, same: bool) -> Lines:
    a, b = statement.reads
    if type(a) is Const:
        a, b = b, a
    make = inline.unequal if same else inline.same
    text = make(w.operand(a), w.operand(b), w.kind(b), b)
    return [*w.guard(statement), f"if {text}: {w.leave()}"]


def on_equal(w: FunctionWriter, statement: Statement) -> Lines:
    """Leaves the block unless the two are equal."""
    return _test(w, statement, same=True)


def on_notequal(w: FunctionWriter, statement: Statement) -> Lines:
    """Leaves the block when the two are equal."""
    return _test(w, statement, same=False)


def on_isdefined(w: FunctionWriter, statement: Statement) -> Lines:
    """Leaves the block when the local is undefined."""
    return [f"if {w.operand(statement.reads[0])} is U: {w.leave()}"]


def on_isundefined(w: FunctionWriter, statement: Statement) -> Lines:
    """Leaves the block when the local has a value."""
    return [f"if {w.operand(statement.reads[0])} is not U: {w.leave()}"]


def _is_type(w: FunctionWriter, statement: Statement, kind: str) -> Lines:
    return [f"if type({w.operand(statement.reads[0])}) is not {kind}: {w.leave()}"]


def on_isarray(w: FunctionWriter, statement: Statement) -> Lines:
    """Leaves the block unless the value is an array."""
    return _is_type(w, statement, "list")


def on_isobject(w: FunctionWriter, statement: Statement) -> Lines:
    """Leaves the block unless the value is an object."""
    return _is_type(w, statement, "dict")


def on_isset(w: FunctionWriter, statement: Statement) -> Lines:
    """Leaves the block unless the value is a set."""
    return _is_type(w, statement, "set")
