"""Who is asking, for the length of a request or a task: what the database hooks look up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from guard.errors import AccessDeniedError
from guard.model import Subject


@dataclass(frozen=True, slots=True)
class Asking:
    """A subject and the purpose it asks for."""

    subject: Subject
    purpose: str


_asking: ContextVar[Asking | None] = ContextVar("guard_asking", default=None)


@contextmanager
def acting(subject: Subject, purpose: str) -> Iterator[None]:
    """Within the block, protected connections answer as `subject` asking for `purpose`."""
    token = _asking.set(Asking(subject, purpose))
    try:
        yield
    finally:
        _asking.reset(token)


def asking() -> Asking:
    """Who is asking now.

    Raises:
        AccessDeniedError: nobody is known; a protected connection then answers nothing.
    """
    found = _asking.get()
    if found is None:
        raise AccessDeniedError(
            "denied: a protected connection was used without a subject",
            help="run inside `guard.integrations.context.acting(subject, purpose)` or behind GuardMiddleware",
        )
    return found
