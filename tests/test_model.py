"""The values that cross borders."""

from __future__ import annotations

import pickle

import msgspec
import pytest

from guard.model import And, Compare, Decision, In, IsNull, Not, Predicate, Sensitive, Subject


def test_a_secret_never_prints() -> None:
    """Its type and length are all that any formatting shows."""
    secret = Sensitive(b"canary-7319")
    assert [repr(secret), str(secret), f"{secret}", "%s" % secret] == ["Sensitive(bytes, len=11)"] * 4  # noqa: UP031
    assert secret.reveal() == b"canary-7319"


def test_a_secret_is_not_pickled() -> None:
    """A secret must not slip into a queue or a cache file."""
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Sensitive("x"))


def test_a_subject_is_frozen_and_hashable() -> None:
    """Its roles and attributes cannot be changed after a decision was cached under it."""
    subject = Subject(id="a", roles=["r"], attributes={"districts": ["x", "y"]})  # type: ignore[arg-type] # as JSON gives it
    assert subject.roles == ("r",)
    assert subject.attributes == {"districts": ("x", "y")}
    assert hash(subject) == hash(Subject(id="a", roles=("r",), attributes={"districts": ("x", "y")}))
    with pytest.raises(TypeError):
        subject.attributes["districts"] = ()  # type: ignore[index] # the point of the test


@pytest.mark.parametrize("name", ["", "x" * 257])
def test_a_subject_needs_a_reasonable_id(name: str) -> None:
    """An empty or endless id is refused at once."""
    with pytest.raises(ValueError, match="1 to 256"):
        Subject(id=name)


def test_predicates_round_trip() -> None:
    """What Rego returns as JSON decodes to the tree that encodes to the same JSON."""
    tree = And((In("district", ("a", "b")), Not(IsNull("x")), Compare("age", "ge", 18)))
    assert msgspec.json.decode(msgspec.json.encode(tree), type=Predicate) == tree


def test_predicates_are_decoded_strictly() -> None:
    """An unknown operator or key is an error, never ignored."""
    for bad in (
        {"op": "like", "column": "a"},
        {"op": "in", "column": "a", "values": [], "extra": 1},
        {"op": "compare", "column": "a", "cmp": "~", "value": 1},
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(bad, Predicate)


def test_allowed_only_when_the_outcome_says_so() -> None:
    """There is no third outcome."""
    assert Decision(id="1", outcome="allow", subject="a", purpose="p").allowed
    assert not Decision(id="1", outcome="deny", subject="a", purpose="p").allowed
