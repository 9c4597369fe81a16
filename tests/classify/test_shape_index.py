"""The index of shapes never hides a pattern."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.classify import shape_index
from guard.classify.registry import detectors
from guard.classify.shape_index import ShapeIndex

PATTERNS = [(detector.shape, kind) for kind, detector in detectors().items()]


def plain(shape: str) -> tuple[str, ...]:
    """The reference: every pattern is tried."""
    return tuple(kind for pattern, kind in PATTERNS if pattern.fullmatch(shape))


@given(st.one_of(st.text(alphabet="999aA.-:/@汉 _+(", max_size=24), st.integers(1, 20).map(lambda n: "9" * n)))
@settings(deadline=None, max_examples=300)
def test_index_is_trying_all(shape: str) -> None:
    """For every detector's pattern the index answers as trying each one does."""
    assert ShapeIndex(PATTERNS).matching(shape) == plain(shape)


def test_a_character_that_is_forgotten_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seeded fault: an index that thinks no pattern can hold a digit finds less."""
    monkeypatch.setattr(shape_index, "_of_set", lambda items: 0)
    monkeypatch.setattr(shape_index, "_allowed", lambda tree: 0)
    assert ShapeIndex(PATTERNS).matching("9" * 11) != plain("9" * 11)
