"""A user's own ground truth: what people call a kind is learnt, and what they named too rarely stays with the rules."""

from __future__ import annotations

import pytest

from guard.classify.local_truth import LocalTruth, features
from guard.model import Dataset, FieldLabel, FieldRef, Label, State

DATASET = Dataset("file", "t")


def judged(name: str, kind: str = "") -> FieldLabel:
    """A verdict of the rules."""
    label = Label(kind, 3, State.RAW) if kind else None
    return FieldLabel(FieldRef(DATASET, name), "sensitive" if kind else "clean", label, 0.9)


def test_features_hold_shapes_and_no_value() -> None:
    """Names of features are tokens, kinds and shapes; a value is not among them."""
    found = features(judged("user_mail", "intl.email"), ["anna@example.com", ""])
    assert {"token user", "last mail", "kind intl.email seen", "verdict sensitive seen", "numbers"} <= found.keys()
    assert not any("anna" in name or "example" in name for name in found)


def test_what_people_say_is_learnt() -> None:
    """Badge numbers, of which the rules know nothing, are called what people called them."""
    pytest.importorskip("sklearn")
    known = [judged(f"badge_{number}") for number in range(6)] + [judged(f"total_{number}") for number in range(6)]
    model = LocalTruth()
    model.fit([features(label, ["B-17"]) for label in known], ["badge"] * 6 + ["none"] * 6)
    assert model.answer(features(judged("badge_no"), ["B-44"]), judged("badge_no")) == "badge"
    assert model.answer(features(judged("total_all"), ["B-44"]), judged("total_all")) == "none"


def test_a_rare_answer_stays_with_the_rules() -> None:
    """An answer given fewer than three times is not learnt; the rules' kind stands for it."""
    pytest.importorskip("sklearn")
    known = [judged(f"badge_{number}") for number in range(6)] + [judged(f"total_{number}") for number in range(6)]
    model = LocalTruth({"person.age": "AGE"})
    model.fit([features(label) for label in known], ["badge"] * 6 + ["none"] * 6)
    assert model.answer(features(judged("badge_age", "person.age")), judged("badge_age", "person.age")) == "AGE"
