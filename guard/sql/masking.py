"""The border between enforcement (policy) and the SQL forms of transforms (anonymise).

The two rooms do not import each other; the engine hands one to the other.
"""

from __future__ import annotations

from typing import Any, Protocol

from sqlglot import exp

from guard.model import ColumnFunction, Mask, Sensitive


class Provide(Protocol):
    """Makes `function` callable as `name` in the SQL of one source, on one column of text.

    False where the engine runs elsewhere, or took too many already: the caller says it in SQL then.
    """

    def __call__(self, name: str, function: ColumnFunction) -> bool: ...


class Parameters:
    """The bound values of one enforced query; a value never stands in the SQL text.

    Placeholders are named `guard_0`, `guard_1`, ...: a source binds them in its driver's own style.
    """

    def __init__(self) -> None:
        self._values: dict[str, Sensitive[Any]] = {}

    def bind(self, value: Sensitive[Any]) -> exp.Placeholder:
        """A placeholder that stands for `value`."""
        name = f"guard_{len(self._values)}"
        self._values[name] = value
        return exp.Placeholder(this=name)

    def values(self) -> dict[str, Sensitive[Any]]:
        """Name to value, for `EnforcedQuery.parameters`."""
        return dict(self._values)


class MaskSql(Protocol):
    """The SQL form of a mask: an expression of the column's own type over `column`, for one dialect.

    Raises:
        TransformError: the transform has no SQL form in this dialect or for this type; the caller denies.
    """

    def __call__(
        self, mask: Mask, column: exp.Expression, *, column_type: str, dialect: str, parameters: Parameters
    ) -> exp.Expression: ...
