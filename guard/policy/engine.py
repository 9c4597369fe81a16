"""The port of policy engines: one question, one raw answer, or none.

An engine evaluates `data.guard.decision` of one pack. It neither parses nor combines: `verdict` and `decide` do,
once for all engines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from guard.policy.metadata import Mode


class PolicyEngine(Protocol):
    """What evaluates a rule pack; safe to share between threads."""

    @property
    def name(self) -> str:
        """The engine's kind: `embedded`, `opa`."""

    @property
    def revision(self) -> str:
        """The revision of the pack that it evaluates."""

    @property
    def modes(self) -> Mapping[str, Mode]:
        """The pack's rules by id, and whether each decides or is only watched."""

    def decide(self, policy_input: Mapping[str, Any]) -> object:
        """The raw verdict on one input (docs/reference/policy-input.md), as JSON values.

        Raises:
            PolicyUnavailableError: there is no answer: undefined, too late, unreadable, unreachable.
        """

    def close(self) -> None:
        """Releases what it holds; safe to call twice."""
