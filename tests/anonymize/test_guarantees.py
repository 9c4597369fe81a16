"""What each transform promises, checked on values: two inputs that agree in what is shown have one output."""

from __future__ import annotations

import doctest
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.anonymize import registry
from guard.anonymize.hmac_sql import digits
from guard.anonymize.transforms import pseudonym
from guard.model import State
from tests.anonymize.cases import KEYRING, load, params

CASES: list[dict[str, Any]] = load("twins.yml")
SECTIONS = (
    "What it hides:",
    "What it keeps:",
    "Against whom:",
    "Guarantee:",
    "What it does not protect:",
    "Reference:",
)

Apply = Callable[[pa.Array], pa.Array]


def _apply(case: dict[str, Any]) -> Apply:
    known = params(case["transform"], case.get("params"))
    transform = registry.find(case["transform"])
    return lambda values: transform.apply(values, known, KEYRING.bind("research"))


def breaches(case: dict[str, Any], apply: Apply) -> list[str]:
    """Which pairs break the promise of a case: the words of the test that a seeded fault must fail."""
    found = []
    for left, right in case["twins"]:
        one, two = apply(pa.array([left, right], pa.string())).to_pylist()
        if one != two:
            found.append("twins differ")
        if one == left != "" and one is not None:
            found.append("a value is shown as it is")
    for left, right in case["apart"]:
        one, two = apply(pa.array([left, right], pa.string())).to_pylist()
        if one == two or (case["transform"] == "pseudonym" and left in (one, two)):
            found.append("what is promised to be kept is lost")
        if case["transform"] == "pseudonym" and not (pseudonym.is_token(one) and pseudonym.is_token(two)):
            found.append("not a token")
        if "form" in case and (left in (one, two) or not all(re.fullmatch(case["form"], made) for made in (one, two))):
            found.append("not of its form")
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['transform']}")
def test_the_guarantee_holds(case: dict[str, Any]) -> None:
    """Values that agree in what is shown look the same, and what is promised stays apart."""
    assert breaches(case, _apply(case)) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['transform']}")
def test_a_transform_that_leaks_is_caught(case: dict[str, Any]) -> None:
    """Seeded faults: returning the input, or appending its last character, breaks every guarantee."""
    honest = _apply(case)

    def appends(values: pa.Array) -> pa.Array:
        tails = [None if value is None else value[-1:] for value in values.to_pylist()]
        masked = honest(values).to_pylist()
        return pa.array([f"{mask}{tail}" for mask, tail in zip(masked, tails, strict=True)], pa.string())

    assert breaches(case, lambda values: values)
    assert breaches(case, appends)


def test_every_transform_has_cases() -> None:
    """Nobody can add a transform without saying in cases what it hides."""
    wide = {name for name in registry.ids() if registry.wide(name) is not None}
    assert {case["transform"] for case in CASES} == set(registry.ids()) - wide
    assert wide == set(WIDE)


@pytest.mark.parametrize("transform", registry.ids())
def test_the_docstring_states_and_runs_the_guarantee(transform: str) -> None:
    """Each module says what it hides, keeps, against whom, what not, with a reference, and its example runs."""
    module = registry.find(transform)
    text = module.__doc__ or ""
    places = [text.find(section) for section in SECTIONS]
    assert -1 not in places
    assert places == sorted(places)
    outcome = doctest.testmod(module)  # type: ignore[arg-type]  # a Protocol stands for the module
    assert (outcome.failed, outcome.attempted > 0) == (0, True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['transform']}")
def test_the_state_is_not_raw(case: dict[str, Any]) -> None:
    """No transform claims to leave values as they were; only a keyed one is called a pseudonym."""
    promise = registry.find(case["transform"]).guarantee(params(case["transform"], case.get("params")))
    assert promise.state is not State.RAW
    assert promise.keyed or promise.state is not State.PSEUDONYMISED


def test_no_unkeyed_hash_exists() -> None:
    """A hash without a key can be looked up: nothing in the registry offers one."""
    assert not {"hash", "sha256", "md5", "digest"} & set(registry.ids())


# What they promise is about whole rows and tables: tests/anonymize/test_wide.py.
WIDE = ("date_shift", "free_text", "shuffle", "small_groups", "swap", "vault")

RANDOMISED = {"gcm"}  # no function of the value: each row is sealed with its own nonce
words = st.text(alphabet=st.characters(codec="utf-8"), max_size=30)
UNIVERSAL = [case for case in CASES if case["transform"] != "generalise"]


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.none() | words, max_size=12))
def test_any_text_keeps_its_row_its_type_and_its_null(values: list[str | None]) -> None:
    """Whatever the text, nothing raises, nulls stay null, and chunks, dictionaries and slices give the same."""
    column = pa.array(values, pa.string())
    for case in CASES:
        apply = _apply(case)
        once = apply(column)
        assert (len(once), once.type) == (len(column), column.type)
        assert all(mask is None for mask, value in zip(once.to_pylist(), values, strict=True) if value is None)
        if case["transform"] in RANDOMISED:
            continue
        assert apply(pa.chunked_array([column[:2], column[2:]])).to_pylist() == once.to_pylist()
        assert apply(column.dictionary_encode()).cast(pa.string()).to_pylist() == once.to_pylist()
        assert apply(column.cast(pa.large_string())).cast(pa.string()) == once


@settings(max_examples=200, deadline=None)
@given(value=words, first=st.integers(0, 5), last=st.integers(0, 5))
def test_partial_equals_the_slow_reference(value: str, first: int, last: int) -> None:
    """The vectorised mask is the obvious one, character by character."""
    hidden = len(value) - first - last
    obvious = value[:first] + "*" * hidden + value[len(value) - last :] if hidden >= 1 else "*" * len(value)
    got = _apply({"transform": "partial", "params": {"first": first, "last": last}})(pa.array([value], pa.string()))
    assert got.to_pylist() == [None if "\0" in value else obvious]


@settings(max_examples=200, deadline=None)
@given(value=st.integers(-(2**63), 2**63 - 1), width=st.integers(1, 10**15))
def test_bins_equal_the_slow_reference(value: int, width: int) -> None:
    """Whole numbers land on the edge that exact arithmetic gives, or on null where 64 bits end."""
    column = pa.array([value])
    floor = value // width * width
    near = floor + width if 2 * (value - floor) >= width else floor
    lowest = -((2**63) // width) * width
    for transform, edge in (("generalise_number", floor), ("round", near)):
        got = _apply({"transform": transform, "params": {"width": width}})(column).to_pylist()
        assert got == [edge if value >= lowest and edge <= 2**63 - 1 else None]


def test_digits_is_used_for_numbers() -> None:
    """A pseudonym of a number is a number of at most 18 digits, and not the number."""
    assert digits is not None
    got = _apply({"transform": "pseudonym"})(pa.array([42, 42, 43])).to_pylist()
    assert got[0] == got[1] != got[2]
    assert 42 not in got
    assert max(got) < 10**18
