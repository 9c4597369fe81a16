"""The detectors, found by being in their folder; and which of them a shape can be."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

from guard.classify import detectors as package
from guard.classify.detector import Detector, load
from guard.classify.shape import shape_of
from guard.classify.shape_index import ShapeIndex
from guard.errors import ConfigError

_REMEMBERED = 65_536  # shapes


@cache
def detectors() -> dict[str, Detector]:
    """Every detector by id, in order of id; loads their modules on the first call."""
    prefix = package.__name__ + "."
    names = [module.name for module in pkgutil.walk_packages(package.__path__, prefix) if not module.ispkg]
    found = {
        name.removeprefix(prefix): load(name.removeprefix(prefix), importlib.import_module(name)) for name in names
    }
    return dict(sorted({**found, **{kind: own[0] for kind, own in _own.items()}}.items()))


# Detectors of users, with what they were made from. INVARIANT: one id means one detector for the life of a process.
_own: dict[str, tuple[Detector, bytes]] = {}


def add(detector: Detector, source: bytes) -> None:
    """Adds a user's own detector; the same one twice is one.

    Raises:
        ConfigError: another detector has this id.
    """
    known = _own.get(detector.id)
    if known is not None and known[1] == source:
        return
    if known is not None or detector.id in detectors():
        raise ConfigError(f"there is another detector `{detector.id}` in this process", help="give it another id")
    _own[detector.id] = (detector, source)
    forget_made()


_made: list[Callable[[], object]] = []


def when_added(forget: Callable[[], object]) -> None:
    """Has `forget` called whenever there are other detectors: for what is made from them once."""
    _made.append(forget)


def forget_made() -> None:
    """Forgets what was made from the detectors that there were."""
    for cached in (detectors, sources_of_detectors, token_dispatch, column_dispatch):
        cached.cache_clear()
    for forget in _made:
        forget()


@cache
def sources_of_detectors() -> dict[str, bytes]:
    """The text of each detector's module, by id."""
    return {kind: _source(kind) for kind in detectors()}


def _source(kind: str) -> bytes:
    if kind in _own:
        return _own[kind][1]
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
