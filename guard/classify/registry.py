"""The detectors, found by being in their folder; and which of them a shape can be."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from functools import cache
from pathlib import Path

from guard.classify import detectors as package
from guard.classify.detector import Detector, load
from guard.classify.shape import shape_of
from guard.classify.shape_index import ShapeIndex

_REMEMBERED = 65_536  # shapes


@cache
def detectors() -> dict[str, Detector]:
    """Every detector by id, in order of id; loads their modules on the first call."""
    prefix = package.__name__ + "."
    found = sorted(module.name for module in pkgutil.walk_packages(package.__path__, prefix) if not module.ispkg)
    return {name.removeprefix(prefix): load(name.removeprefix(prefix), importlib.import_module(name)) for name in found}


@cache
def sources_of_detectors() -> dict[str, bytes]:
    """The text of each detector's module, by id."""
    return {kind: _source(kind) for kind in detectors()}


def _source(kind: str) -> bytes:
    found = importlib.util.find_spec(f"{package.__name__}.{kind}")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).read_bytes()


class Dispatch:
    """Which detectors accept a shape; remembered, because a column has few shapes.

    Args:
        pool: the detectors to choose from.
    """

    def __init__(self, pool: tuple[Detector, ...]) -> None:
        self._index = ShapeIndex((detector.shape, detector) for detector in pool)
        self._known: dict[str, tuple[Detector, ...]] = {}

    def of_shape(self, shape: str) -> tuple[Detector, ...]:
        """The detectors whose `SHAPE` matches all of `shape`."""
        known = self._known.get(shape)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._index.matching(shape)
            self._known[shape] = known
        return known

    def of_text(self, text: str) -> tuple[Detector, ...]:
        """The detectors whose `SHAPE` matches all of `text`."""
        return self.of_shape(shape_of(text))


@cache
def token_dispatch() -> Dispatch:
    """For tokens of running text."""
    return Dispatch(tuple(d for d in detectors().values() if d.text and not d.anchored))


@cache
def column_dispatch() -> Dispatch:
    """For whole cells of a column."""
    return Dispatch(tuple(detectors().values()))
