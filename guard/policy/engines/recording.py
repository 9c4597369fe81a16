"""An engine that keeps what it was asked, for `guard rules replay`; opt-in, by `policy.record`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from guard.policy.changes.recording import Recorder
from guard.policy.engine import PolicyEngine
from guard.policy.metadata import Mode


class RecordingEngine:
    """Asks `inner` and records the question once it is answered.

    A recording that cannot be written stops no decision: it is no evidence, the audit log is. `lost` is told instead.
    """

    def __init__(self, inner: PolicyEngine, recorder: Recorder, *, lost: Callable[[OSError], None]) -> None:
        self.inner = inner
        self._recorder = recorder
        self._lost = lost

    @property
    def name(self) -> str:
        """The kind of the engine that decides."""
        return self.inner.name

    @property
    def revision(self) -> str:
        """The revision that decides."""
        return self.inner.revision

    @property
    def modes(self) -> Mapping[str, Mode]:
        """The rules that decide."""
        return self.inner.modes

    def decide(self, policy_input: Mapping[str, Any]) -> object:
        """The raw verdict of the engine that decides."""
        raw = self.inner.decide(policy_input)
        if not policy_input.keys() >= {"subject", "label_sets", "tables"}:
            return raw  # no question of a person: `guard doctor` asks whether the engine answers at all
        try:
            self._recorder.record(self.inner, policy_input, raw)
        except OSError as error:
            self._lost(error)
        return raw

    def close(self) -> None:
        """Closes the engine that decides."""
        self.inner.close()
