"""What can go wrong while a policy is evaluated; all of it is a denial for the caller."""

from __future__ import annotations

from typing import ClassVar

from guard.errors import PolicyError


class EvaluationError(PolicyError):
    """An evaluation that has no answer: a conflict, a failed builtin, a limit. The caller must deny.

    Attributes:
        kind: OPA's name of the cause, such as `eval_conflict_error`; `eval_limit_error` is guard's own.
    """

    code: ClassVar[str] = "policy-evaluation"
    http_status: ClassVar[int] = 503

    def __init__(self, message: str, *, kind: str = "eval_internal_error", help: str = "") -> None:  # noqa: A002 - the word the user reads
        super().__init__(message, help=help)
        self.kind = kind


class ConflictError(EvaluationError):
    """Two rules, or two bodies of one, gave different values for the same complete document or key."""

    def __init__(self, message: str) -> None:
        super().__init__(
            message,
            kind="eval_conflict_error",
            help="make the bodies exclude each other, or collect values with `contains`",
        )


class BuiltinError(EvaluationError):
    """A builtin function refused its operands."""

    def __init__(self, message: str, *, kind: str = "eval_builtin_error") -> None:
        super().__init__(message, kind=kind)


class OperandError(BuiltinError):
    """An operand of a builtin has the wrong type."""

    def __init__(self, message: str) -> None:
        super().__init__(message, kind="eval_type_error")


class LimitError(EvaluationError):
    """An evaluation took more steps or built more than it may."""

    def __init__(self, message: str) -> None:
        super().__init__(
            message,
            kind="eval_limit_error",
            help="bound the loop in the rule, look values up by key, or raise the limit",
        )
