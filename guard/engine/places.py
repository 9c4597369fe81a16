"""Where data is and who is responsible for it: of datasets by configuration, of people by their attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeAlias

from guard.model import Dataset, Subject

if TYPE_CHECKING:
    from guard.config import LineageDataset

Place: TypeAlias = tuple[tuple[str, str], ...]

BORDERS = ("country", "department", "organisation")  # what data can leave
MAX_NAME = 128  # characters


class Places:
    """The patterns of `[[lineage.datasets]]`; the first that fits a dataset holds, for each of its members."""

    def __init__(self, patterns: Iterable[LineageDataset]) -> None:
        self._patterns = tuple(patterns)
        self._known: dict[Dataset, Mapping[str, str]] = {}

    def of(self, dataset: Dataset) -> Place:
        """The borders around a dataset, as far as they are known."""
        return tuple((name, value) for name, value in self._all(dataset).items() if name != "owner")

    def owner(self, dataset: Dataset) -> str:
        """Who is responsible for a dataset; empty where nobody is named."""
        return self._all(dataset).get("owner", "")

    def _all(self, dataset: Dataset) -> Mapping[str, str]:
        found = self._known.get(dataset)
        if found is None:
            told: dict[str, str] = {}
            for pattern in self._patterns:
                if fnmatchcase(dataset.namespace, pattern.namespace) and fnmatchcase(dataset.name, pattern.name):
                    for name in (*BORDERS, "owner"):
                        value = getattr(pattern, name)
                        if value:
                            told.setdefault(name, value)
            found = self._known[dataset] = told
        return found


def place_of(subject: Subject) -> Place:
    """The borders that a subject is inside of, from its attributes `country`, `department` and `organisation`."""
    return tuple(
        (name, value)
        for name in BORDERS
        if isinstance(value := subject.attributes.get(name), str) and 0 < len(value) <= MAX_NAME
    )
