"""How enforcement says no: an error for what must not run, a gap for what guard does not understand."""

from __future__ import annotations

from guard.errors import AccessDeniedError
from guard.model import Gap


def denied(message: str, cure: str, *, decision: str = "") -> AccessDeniedError:
    """The refusal of a statement; `message` and `cure` hold names only, never values."""
    return AccessDeniedError(message, help=cure, decision_id=decision)


def unsupported(what: str, cure: str) -> Gap:
    """Syntax that nobody reviewed."""
    return Gap(code="unsupported_syntax", what=what, help=cure)
