"""Equality, order and hashing of Rego values agree with one another."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.policy.rego.numbers import NumberTextError, divide, parse_number, plus, times
from guard.policy.rego.values import Boxed, compare, embed, equal, make_set, order_key, sort_values, unembed

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, 1.0, 1.5, -2.5])
    | st.sampled_from(["", "a", "b", "é", "1"])
)


def deeper(inner):
    """Arrays, objects and sets of values."""
    objects = st.lists(st.tuples(inner, inner), max_size=3).map(lambda pairs: {embed(k): v for k, v in pairs})
    return st.lists(inner, max_size=3) | objects | st.lists(inner, max_size=3).map(make_set)


values = st.recursive(scalars, deeper, max_leaves=8)


@given(values, values)
@settings(max_examples=400)
def test_equal_means_same_place_and_same_hash(a, b):
    """Equal values compare as 0, hash alike and are one element; unequal ones do not."""
    same = equal(a, b)
    assert (same, same, same) == (compare(a, b) == 0, embed(a) == embed(b), len(make_set([a, b])) == 1)
    if same:
        assert hash(embed(a)) == hash(embed(b))


@given(values, values, values)
@settings(max_examples=400)
def test_the_order_is_total(a, b, c):
    """The order is antisymmetric and transitive, and sorting by key is sorting by comparison."""
    assert compare(a, b) == -compare(b, a)
    low, middle, high = sort_values([a, b, c])
    assert (compare(low, middle) <= 0, compare(middle, high) <= 0, compare(low, high) <= 0) == (True, True, True)
    assert (order_key(a) < order_key(b)) is (compare(a, b) < 0)


@given(values)
def test_embedding_loses_nothing(value):
    """A value comes out of a set as it went in."""
    assert equal(unembed(embed(value)), value)


def test_booleans_are_no_numbers():
    """`true` and `1` are different elements and keys."""
    assert len(make_set([True, 1, False, 0])) == 4
    assert embed(1) in {embed(1.0)}
    assert embed(True) not in {embed(1)}
    assert Boxed([True]) != Boxed([1])


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("1.0", 1.0), ("0.1", 0.1), ("1e3", 1000.0), ("100000000000000000000000", 10**23), ("-0", 0)],
)
def test_literals(text, number):
    """A literal is read exactly, as int where it is one."""
    assert (parse_number(text), type(parse_number(text))) == (number, type(number))


@pytest.mark.parametrize("text", ["", "x", "1e999999999", "NaN", "Infinity", "9" * 5000])
def test_what_is_no_number(text):
    """Neither words nor numbers without end are numbers."""
    with pytest.raises(NumberTextError):
        parse_number(text)


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**9))
def test_division_is_exact_where_it_can_be(a, b):
    """What divides gives an int, and 64 bits of precision otherwise."""
    result = divide(times(a, b), b)
    if a.bit_length() + b.bit_length() <= 64:
        assert result == a
    else:
        assert abs(Fraction(result) - a) <= abs(Fraction(a)) / 2**60


@given(st.integers(-999, 999), st.integers(-999, 999))
def test_decimals_add_as_people_expect(a, b):
    """Sums of decimals with three places are right to the 64 bits that OPA computes with."""
    assert abs(Fraction(plus(a / 1000, b / 1000)) - Fraction(a + b, 1000)) < Fraction(1, 10**14)
