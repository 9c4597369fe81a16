"""The bytes of an entry: one spelling for each value, and nothing without one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.audit import entry as canonical
from guard.errors import AuditError, IntegrityError
from guard.model import Entry, State
from tests.spec import canonical as spec

TIME = "2026-01-31T09:30:00.000000Z"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
atoms = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
values = st.recursive(
    atoms, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
bodies = st.dictionaries(texts, values, max_size=6)


def made(body: object, **more: object) -> Entry:
    """An entry with this body."""
    return Entry(**{"v": 1, "kind": "query", "time": TIME, "actor": "a", "body": body, **more})


@given(bodies)
def test_the_bytes_are_the_reference_s(body):
    """The fast encoder spells every value of the profile as the slow reference does, and reads it back."""
    entry = made(body)
    data = canonical.encode(entry)
    assert data == spec.canonical({"v": 1, "kind": "query", "time": TIME, "actor": "a", "body": body})
    assert canonical.decode(data) == entry


def test_order_and_container_types_do_not_matter():
    """Mappings, tuples and enums of text have the bytes of what they stand for."""
    plain = made({"a": [1, 2], "b": {"x": "raw"}})
    other = made(MappingProxyType({"b": MappingProxyType({"x": State.RAW}), "a": (1, 2)}))
    assert canonical.encode(plain) == canonical.encode(other)


class Colour(StrEnum):
    """An enum of text."""

    RED = "red"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"a": 1.0}, "entry member `body.a` is of type float, which has no canonical form"),
        ({"a": [1, {"b": b"x"}]}, "entry member `body.a[1].b` is of type bytes, which has no canonical form"),
        ({"a": {"b": datetime.now(UTC)}}, "entry member `body.a.b` is of type datetime, which has no canonical form"),
        ({"a": {1, 2}}, "entry member `body.a` is of type set, which has no canonical form"),
        ({1: 2}, "entry member `body` has a key that is not text"),
        ({"a": {Colour.RED: 1}}, "entry member `body.a` has a key that is not text"),
        ({"a": 2**53}, "entry member `body.a` is an integer of more than 53 bits"),
        ({"a": -(2**53)}, "entry member `body.a` is an integer of more than 53 bits"),
        ({"a": "\ud800"}, "entry of kind `query` holds a text that is not valid unicode"),
    ],
)
def test_what_has_no_canonical_form_is_refused_by_its_path(body, message):
    """The member is named, its value never."""
    with pytest.raises(AuditError) as caught:
        canonical.encode(made(body))
    assert caught.value.message == message


def test_depth_is_bounded():
    """A body nested beyond the limit is refused, not recursed into."""
    body: dict[str, object] = {}
    for _ in range(5_000):
        body = {"a": body}
    with pytest.raises(AuditError, match="nested deeper than 16"):
        canonical.encode(made(body))


def test_size_is_bounded_at_the_limit():
    """Exactly the limit passes, one byte more does not."""
    room = canonical.MAX_ENTRY - len(canonical.encode(made({"a": ""})))
    assert len(canonical.encode(made({"a": "x" * room}))) == canonical.MAX_ENTRY
    with pytest.raises(AuditError, match="the limit is 65471") as caught:
        canonical.encode(made({"a": "x" * (room + 1)}))
    assert "xx" not in caught.value.diagnostics()
    largest = canonical.encode(made({"a": "x" * room}, claimed=TIME))
    assert len(largest) <= 65_535


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"null",
        canonical.encode(made({})) + b" ",
        canonical.encode(made({})).replace(b'":"a"', b'": "a"'),
        canonical.encode(made({})).replace(b'"a"', b'"\\u0061"'),
        canonical.encode(made({"a": 1})).replace(b'"a":1', b'"a":1.0'),
        canonical.encode(made({"a": 1, "b": 2})).replace(b'"a":1,"b":2', b'"b":2,"a":1'),
        canonical.encode(made({"a": 1})).replace(b'"a":1', b'"a":1,"a":1'),
        canonical.encode(made({})).replace(b'"v":1', b'"v":1,"x":1'),
        b"[" * 100_000,
    ],
)
def test_other_spellings_are_not_entries(data):
    """What is not byte for byte the canonical form is refused."""
    with pytest.raises(IntegrityError, match="canonical form"):
        canonical.decode(data)


def test_timestamp_has_one_spelling():
    """UTC, microseconds, Z; whatever the zone of the moment."""
    moment = datetime(2026, 1, 31, 17, 30, tzinfo=timezone(timedelta(hours=8)))
    assert canonical.timestamp(moment) == TIME
    assert canonical.timestamp(moment.replace(microsecond=7)) == "2026-01-31T09:30:00.000007Z"


@pytest.mark.parametrize(
    ("time", "valid"),
    [
        (TIME, True),
        ("2026-01-31T09:30:00Z", False),
        ("2026-01-31T09:30:00.000Z", False),
        ("2026-01-31T09:30:00.000000+00:00", False),
        ("2026-01-31 09:30:00.000000Z", False),
        ("2026-02-30T09:30:00.000000Z", False),
        ("2026-01-31T25:30:00.000000Z", False),
        ("٢026-01-31T09:30:00.000000Z", False),
        ("", False),
    ],
)
def test_other_spellings_of_a_time_are_not_times(time, valid):
    """A real moment in the one spelling, or no time."""
    assert canonical.is_timestamp(time) is valid


def test_a_fixed_body_gives_the_same_bytes():
    """What was encoded once and what is encoded each time are one spelling."""
    body = {"z": [1, {"b": None, "a": "é"}], "a": "x", "n": 3, "flag": True}
    plain = Entry(1, "query", "2026-01-01T00:00:00.000000Z", "p", {**body, "decision": "d-1", "who": {"k": "v"}})
    fixed = Entry(1, "query", plain.time, "p", canonical.Fixed(body).plus(decision="d-1", who={"k": "v"}))
    assert canonical.encode(fixed) == canonical.encode(plain)
    assert canonical.decode(canonical.encode(fixed)) == plain


@pytest.mark.parametrize("member", [1.5, b"x", 2**60, {1: "x"}, [[1.5]], "\ud800", {"a": "\ud800"}])
def test_a_fixed_body_is_held_to_the_profile(member):
    """A member that has no canonical form is refused, at the latest when the entry is encoded."""
    with pytest.raises(AuditError):
        canonical.encode(Entry(1, "query", "2026-01-01T00:00:00.000000Z", "p", canonical.Fixed({"m": member})))
    with pytest.raises(AuditError):
        canonical.encode(Entry(1, "query", "2026-01-01T00:00:00.000000Z", "p", canonical.Fixed({}).plus(m=member)))
