"""What one pack says on every cell of a space.

The answer is `guard.policy.decide`'s, reached the short way: a cell that a rule denies is denied whatever the others
say, so each rule is asked only where the cell is still open, and only once for cells that it cannot tell apart.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np

from guard.errors import PolicyError
from guard.model import Value
from guard.policy.changes.exposure import Exposure, exposure_of
from guard.policy.changes.footprint import Footprints
from guard.policy.changes.space import Space
from guard.policy.entry import VERDICT_KEYS, VERDICT_VERSION
from guard.policy.metadata import Mode
from guard.policy.rule import Contribution
from guard.policy.verdict import Verdict, VerdictError, parse_verdict

if TYPE_CHECKING:
    from guard.policy.pack import Pack
    from guard.policy.rego import Policy

Numbers: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"

_NOW = 1_767_268_800_000_000_000  # the time that the questions name, in nanoseconds
_CHEAP_DENY, _ALLOW, _DENY, _OWED = range(4)  # the order of asking


class Entry(Value, frozen=True):
    """One set of one rule, and whether it may depend on role, purpose and labels."""

    rule: str
    contribution: Contribution
    path: str
    dims: tuple[bool, bool, bool]

    @property
    def stage(self) -> int:
        """When it is asked: what denies many cells at once comes first, and what none but allowed cells owe last."""
        if self.contribution == "deny":
            return _DENY if all(self.dims) else _CHEAP_DENY
        return _ALLOW if self.contribution == "allow" else _OWED


def compile_sets(pack: Pack, *, cache: Path | None = None) -> Policy:
    """The pack with every set of every rule as an entry point.

    Raises:
        PolicyError: it does not compile.
    """
    from guard.policy.rego import compile as compile_rego

    points = [f"data.{rule.package}.{one}" for rule in pack.rules for one in rule.contributes]
    return compile_rego(pack.files, entrypoints=points, cache=cache)


class Judge:
    """One pack on one space."""

    def __init__(self, pack: Pack, policy: Policy, space: Space) -> None:
        self._pack = pack
        self._policy = policy
        self._space = space
        self._sizes = (len(space.roles), len(space.purposes), len(space.sets))
        made = [space.label_set(index) for index in range(len(space.tags))]
        self._labels = [[made[index] for index in chosen] for chosen in space.sets]
        self._ids = [frozenset(str(index) for index in chosen) for chosen in space.sets]
        self._tables = frozenset(space.tables)
        self.entries = _entries(pack, policy)

    def exposures(self) -> tuple[Numbers, list[Exposure]]:
        """For each cell the number of its exposure in the list, or -1 where it is denied."""
        denied = np.zeros(self._sizes, dtype=bool)
        allowed = np.zeros(self._sizes, dtype=bool)
        owed: list[Numbers] = []
        known: list[Verdict] = [_NOTHING]
        by_key: dict[bytes, int] = {}
        for entry in self.entries:
            if entry.stage > _ALLOW:
                denied |= ~allowed  # every rule that may allow has spoken
            absent = tuple(axis for axis, looks in enumerate(entry.dims) if not looks)
            open_cells = ~denied
            places = np.argwhere(open_cells.any(axis=absent, keepdims=True) if absent else open_cells)
            numbers = np.zeros(
                [size if looks else 1 for size, looks in zip(self._sizes, entry.dims, strict=True)], np.int64
            )
            for role, purpose, chosen in places.tolist():
                found = self._ask(entry, role, purpose, chosen)
                if found is None or found.deny:
                    numbers[role, purpose, chosen] = -1
                elif found is not _NOTHING:
                    number = by_key.setdefault(_key(found), len(known))
                    if number == len(known):
                        known.append(found)
                    numbers[role, purpose, chosen] = number
            denied |= numbers < 0
            if entry.contribution == "allow":
                allowed |= numbers > 0
            elif entry.contribution != "deny":
                owed.append(numbers)
        denied |= ~allowed
        return self._combined(~denied, owed, known)

    def _combined(
        self, allowed: np.ndarray[Any, Any], owed: list[Numbers], known: list[Verdict]
    ) -> tuple[Numbers, list[Exposure]]:
        """What the entries owe together, for each allowed cell."""
        result = np.full(self._sizes, -1, dtype=np.int64)
        where = np.nonzero(allowed)
        if not len(where[0]):
            return result, []
        columns = [np.broadcast_to(numbers, self._sizes)[where] for numbers in owed] or [np.zeros(len(where[0]), int)]
        rows, inverse = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
        shown: dict[Exposure, int] = {}
        numbered = [
            shown.setdefault(exposure_of([known[number] for number in row]), len(shown)) for row in rows.tolist()
        ]
        result[where] = np.asarray(numbered, dtype=np.int64)[inverse.reshape(-1)]
        return result, list(shown)

    def _ask(self, entry: Entry, role: int, purpose: int, chosen: int) -> Verdict | None:
        """The entry's part of the verdict; None when it has none or does not fit, which denies."""
        by_role, by_purpose, by_labels = entry.dims
        question = self._space.question(
            self._space.roles[role] if by_role else None, self._space.purposes[purpose] if by_purpose else None, None
        )
        question["label_sets"] = self._labels[chosen] if by_labels else []
        try:
            items = self._policy.evaluate(entry.path, question, self._pack.data, now_ns=_NOW)
        except PolicyError:
            return None
        if items == []:
            return _NOTHING
        raw = {
            "v": VERDICT_VERSION,
            "revision": self._pack.revision,
            **{key: [] for key in VERDICT_KEYS.values()},
            VERDICT_KEYS[entry.contribution]: [{"rule": entry.rule, "items": items}],
        }
        try:
            verdict = parse_verdict(
                raw,
                revision=self._pack.revision,
                rules={entry.rule},
                label_sets=self._ids[chosen] if by_labels else frozenset(),
                tables=self._tables,
            )
        except VerdictError:
            return None
        return None if verdict.faults else verdict


_NOTHING = Verdict()


def _key(found: Verdict) -> bytes:
    """Equal for equal obligations; reasons and their texts do not count."""
    return msgspec.json.encode((bool(found.allow), found.masks, found.row_filters, found.limits))


def _entries(pack: Pack, policy: Policy) -> list[Entry]:
    """The sets of the rules that decide, in the order of asking."""
    footprints = Footprints(policy.ir)
    found = []
    for rule in pack.rules:
        if rule.mode is Mode.MONITOR:
            continue
        for contribution in rule.contributes:
            path = f"{rule.package}.{contribution}".replace(".", "/")
            read = footprints.of(path)
            dims = tuple(read is None or key in read for key in ("subject", "purpose", "label_sets"))
            found.append(Entry(rule.id, contribution, path, (dims[0], dims[1], dims[2])))
    return sorted(found, key=lambda entry: (entry.stage, sum(entry.dims), entry.path))
