"""The engine without a server: the pack compiled to Python, evaluated in this process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from guard.errors import PolicyError, PolicyUnavailableError
from guard.policy.entry import ENTRY_POINT
from guard.policy.metadata import Mode
from guard.policy.pack import Pack
from guard.policy.rego import UNDEFINED


class EmbeddedEngine:
    """Evaluates one pack; a decision is a pure function of its input, so threads may share it."""

    name = "embedded"

    def __init__(self, pack: Pack, *, cache: Path | None = None) -> None:
        """Compiles the pack, or takes the compiled text from the folder `cache`.

        Raises:
            PolicyError: the pack does not compile; names file and line.
        """
        self._policy = pack.compile(cache=cache)
        self._data = pack.data
        self.revision: str = pack.revision
        self.modes: Mapping[str, Mode] = pack.modes

    def decide(self, policy_input: Mapping[str, Any]) -> object:
        """The raw verdict.

        Raises:
            PolicyUnavailableError: the evaluation failed or is undefined.
        """
        try:
            now = _time_of(policy_input)
            verdict: object = self._policy.evaluate(ENTRY_POINT, policy_input, self._data, now_ns=now)
        except PolicyError as error:
            message = f"the rule pack failed on this input: {error.message}"
            raise PolicyUnavailableError(message, help=error.help) from error
        if verdict is UNDEFINED:
            raise PolicyUnavailableError("the decision is undefined", help="run `guard rules test` on the rule pack")
        return verdict

    def close(self) -> None:
        """Nothing is held."""


def _time_of(policy_input: Mapping[str, Any]) -> int:
    try:
        return _nanoseconds(str(policy_input["context"]["time"]))
    except (KeyError, TypeError, ValueError) as error:
        message = "the policy input has no readable time at `context.time`"
        raise PolicyUnavailableError(message, help="see docs/reference/policy-input.md") from error


@lru_cache(maxsize=8)
def _nanoseconds(time: str) -> int:
    """The input's own time, so that a rule's `time.now_ns()` and `input.context.time` never disagree."""
    since = datetime.fromisoformat(time) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since // timedelta(microseconds=1)) * 1000
