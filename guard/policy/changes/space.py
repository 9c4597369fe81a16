"""The space that a diff goes through: roles x purposes x sets of labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from guard.errors import UsageError
from guard.model import State, Value
from guard.policy.query_input import ACTION, INPUT_VERSION

MAX_TAGS = 14  # labels that are combined with each other: 16,384 sets
MAX_CELLS = 4_000_000
NOBODY = "(no such role)"
NO_PURPOSE = "(no such purpose)"
TIME = "2026-01-01T12:00:00Z"


class Tag(Value, frozen=True, order=True):
    """A label as a rule sees it on a column."""

    kind: str
    category: str
    level: int
    state: str = State.RAW.value


class Space(Value, frozen=True):
    """Every cell is one role, one purpose and one of `sets`: indices into `tags`, a column each.

    `tables` are all in each question, so that row filters on each are seen.
    """

    roles: tuple[str, ...]
    purposes: tuple[str, ...]
    tags: tuple[Tag, ...]
    sets: tuple[tuple[int, ...], ...]
    tables: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The number of cells."""
        return len(self.roles) * len(self.purposes) * len(self.sets)

    def question(self, role: str | None, purpose: str | None, chosen: tuple[int, ...] | None) -> dict[str, Any]:
        """The policy input of a cell; None where the rule that is asked does not look."""
        return {
            "v": INPUT_VERSION,
            "subject": {"id": "diff", "roles": [] if role in {None, NOBODY} else [role], "attributes": {}},
            "action": ACTION,
            "purpose": purpose or "",
            "context": {"source": "diff", "time": TIME},
            "tables": [{"name": table} for table in self.tables],
            "label_sets": [self.label_set(index) for index in chosen or ()],
        }

    def label_set(self, index: int) -> dict[str, Any]:
        """One column that holds the tag and is put out."""
        tag = self.tags[index]
        label = {"kind": tag.kind, "category": tag.category, "level": tag.level, "state": tag.state}
        return {"id": str(index), "classified": True, "labels": [label], "uses": ["output"]}


def powerset(roles: Sequence[str], purposes: Sequence[str], tags: Sequence[Tag], tables: Iterable[str] = ()) -> Space:
    """The space of all sets of the tags.

    Raises:
        UsageError: there are too many of them.
    """
    if len(tags) > MAX_TAGS:
        raise UsageError(f"{len(tags)} labels have too many combinations", help=f"name at most {MAX_TAGS} with --kind")
    sets = tuple(chosen for size in range(len(tags) + 1) for chosen in combinations(range(len(tags)), size))
    return _bounded(Space(tuple(roles), tuple(purposes), tuple(tags), sets, tuple(tables)))


def singles(roles: Sequence[str], purposes: Sequence[str], tags: Sequence[Tag], tables: Iterable[str] = ()) -> Space:
    """The space of each tag by itself, and of none."""
    sets = ((), *((index,) for index in range(len(tags))))
    return _bounded(Space(tuple(roles), tuple(purposes), tuple(tags), sets, tuple(tables)))


def named(key: str, *datas: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys under `data.config.<key>` of any of the packs: `grants` names the roles, `purposes` the purposes."""
    found: set[str] = set()
    for data in datas:
        held = data.get("config", {}).get(key, {})
        found |= set(held) if isinstance(held, Mapping) else set()
    return tuple(sorted(found))


def tables_of(*datas: Mapping[str, Any]) -> Iterator[str]:
    """The tables that `data.config.rows.tables` of any of the packs names."""
    found: set[str] = set()
    for data in datas:
        rows = data.get("config", {}).get("rows", {})
        held = rows.get("tables", {}) if isinstance(rows, Mapping) else {}
        found |= set(held) if isinstance(held, Mapping) else set()
    yield from sorted(found)


def _bounded(space: Space) -> Space:
    if space.size > MAX_CELLS:
        raise UsageError(
            f"the space has {space.size} cells, more than {MAX_CELLS}",
            help="name fewer --role, --purpose or --kind",
        )
    return space
