"""What a policy may ask about the engine: nothing of the process, and no more than its own annotations."""

from __future__ import annotations

from typing import Any

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.numbers import Number, integer
from guard.policy.rego.runtime import Run
from guard.policy.rego.values import Value


@builtin("opa.runtime")
def opa_runtime() -> dict[str, Value]:
    """An empty object: the configuration and the environment of the process are none of a policy's business."""
    return {}


@builtin("internal.print", "array")
def internal_print(_parts: list[Value]) -> bool:
    """`print` says nothing: its arguments may be data values, which enter no log."""
    return True


@builtin("print")
def print_() -> bool:
    """`print` without arguments."""
    return True


@builtin("trace", "string")
def trace(_note: str) -> bool:
    """`trace` says nothing, for the same reason as `print`."""
    return True


@builtin("internal.test_case", "array")
def internal_test_case(_names: list[Value]) -> bool:
    """Names a test case for `opa test`; always true."""
    return True


@builtin("rand.intn", "string", "number", needs_run=True)
def rand_intn(run: Run, key: str, limit: Number) -> int:
    """A random integer from 0 up to but without the limit; the same for the same operands in one evaluation."""
    bound = integer(limit)
    if bound is None:
        raise BuiltinError("`rand.intn`: operand 2 must be an integer", kind="eval_type_error")
    if bound == 0:
        return 0
    if run.entropy is None:
        raise BuiltinError("`rand.intn`: the caller gave no randomness")
    if run.cache is None:
        run.cache = {}
    name: tuple[Any, ...] = ("rand", key, bound)
    if name not in run.cache:
        run.cache[name] = int.from_bytes(run.entropy(24), "big") % abs(bound)
    return int(run.cache[name])
