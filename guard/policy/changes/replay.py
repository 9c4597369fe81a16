"""Recorded decisions under other rules: what would have widened, what would have narrowed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Set
from pathlib import Path

import msgspec

from guard.errors import PolicyUnavailableError
from guard.model import Value
from guard.policy.changes.recording import Recorded, judged
from guard.policy.changes.told import OPENED, Direction, told
from guard.policy.engines.embedded import EmbeddedEngine
from guard.policy.pack import Pack

_ID_DIGITS = 12


class Flip(Value, frozen=True):
    """A way in which recorded decisions change; `times` questions change so. `id` is what one accepts it by."""

    id: str
    direction: Direction
    roles: tuple[str, ...]
    purpose: str
    labels: tuple[str, ...]
    what: tuple[str, ...]
    times: int

    @property
    def opens(self) -> bool:
        """Whether a denial becomes an allow."""
        return OPENED in self.what


class Replay(Value, frozen=True):
    """The outcome over all recorded questions; `inexact` of them were decided otherwise with the real attributes."""

    questions: int
    inexact: int
    flips: tuple[Flip, ...]

    def refused(self, accepted: Set[str]) -> tuple[Flip, ...]:
        """Denials that become an allow and that nobody accepted."""
        return tuple(flip for flip in self.flips if flip.opens and flip.id not in accepted)


def replay(recorded: Iterable[Recorded], pack: Pack, *, cache: Path | None = None) -> Replay:
    """Asks `pack` every recorded question again.

    Raises:
        PolicyError: the pack does not compile.
        UsageError: the recording cannot be read.
    """
    engine = EmbeddedEngine(pack, cache=cache)
    found: dict[str, Flip] = {}
    questions = inexact = 0
    for one in recorded:
        questions += 1
        inexact += not one.exact
        try:
            now = judged(engine, one.input, engine.decide(one.input))
        except PolicyUnavailableError:
            now = None
        kinds = {each["id"]: "+".join(label["kind"] for label in each["labels"]) for each in one.input["label_sets"]}
        change = told(kinds.__getitem__, one.exposure, now)
        if change is None:
            continue
        flip = _flip(one, change[0], tuple(sorted({kind for kind in kinds.values() if kind})), change[1])
        before = found.get(flip.id)
        found[flip.id] = flip if before is None else msgspec.structs.replace(before, times=before.times + 1)
    order = {"widened": 0, "narrowed": 1, "changed": 2}
    return Replay(questions, inexact, tuple(sorted(found.values(), key=lambda flip: (order[flip.direction], flip.id))))


def _flip(one: Recorded, direction: Direction, labels: tuple[str, ...], what: tuple[str, ...]) -> Flip:
    roles = tuple(sorted(one.input["subject"]["roles"]))
    purpose = one.input["purpose"]
    digest = hashlib.sha256(repr((direction, roles, purpose, labels, what)).encode()).hexdigest()
    return Flip(digest[:_ID_DIGITS], direction, roles, purpose, labels, what, 1)
