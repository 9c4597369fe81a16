"""How a command opens guard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import guard
from guard.errors import NothingScannedError

if TYPE_CHECKING:
    from guard.engine import Guard


@contextmanager
def session(config: Path | None, *, settings: Mapping[str, Any] | None = None) -> Iterator[Guard]:
    """A guard for one command; what it logs about itself goes to stderr.

    Raises:
        ConfigError: the configuration says something guard does not understand.
    """
    _log_to_stderr()
    with guard.open(config, settings=settings) as g:
        yield g


@contextmanager
def recorded(config: Path | None) -> Iterator[Guard]:
    """A guard for a command that only reads the record; it never begins a record where there is none.

    Raises:
        NothingScannedError: nothing has been recorded.
    """
    with session(config) as g:
        if not has_state(g):
            raise NothingScannedError(
                f"there is no record in `{state_of(g)}`",
                help="go to the folder where guard was used, or name its guard.toml with --config",
            )
        yield g


def state_of(g: Guard) -> Path:
    """The state folder, which is not made by asking for it."""
    folder: Path = g.loaded.root / g.loaded.config.state
    return folder


def has_state(g: Guard) -> bool:
    """Whether guard has recorded anything yet."""
    return (state_of(g) / "audit").is_dir()


def _log_to_stderr() -> None:
    import sys

    import structlog

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
