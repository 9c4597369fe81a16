"""`guard.dp` on Arrow tables: bounded by unit, charged before reading, near the truth with a large epsilon."""

from __future__ import annotations

from fractions import Fraction

import pyarrow as pa
import pytest

from guard import dp
from guard.anonymize.dp import bounds, columns, preview
from guard.errors import UsageError

MUCH = Fraction(100)
TABLE = pa.table(
    {
        "person": [1, 1, 1, 2, 3, 3, None, 4],
        "hours": [1.0, 5.0, 50.0, 2.5, -9.0, float("nan"), 8.0, None],
        "city": ["a", "b", "a", "b", "c", "a", "a", "d"],
    }
)
HOURS = dp.Lattice(Fraction(0), Fraction(10), Fraction(1, 2))


def test_only_so_many_rows_of_a_unit_count():
    """The first ones in the order of the table; rows without a unit are left out."""
    assert columns.limited(TABLE, "person", 2)["city"].to_pylist() == ["a", "b", "b", "c", "a", "d"]
    assert columns.limited(TABLE.slice(0, 0), "person", 2).num_rows == 0


def test_what_one_unit_does_leaves_the_others_as_they_were():
    """Neighbours: removing all rows of a unit removes its kept rows and changes nothing else."""
    kept = columns.limited(TABLE, "person", 1).to_pylist()
    for person in (1, 2, 3, 4):
        mask = [row != person for row in TABLE["person"].to_pylist()]
        without = columns.limited(TABLE.filter(pa.array(mask)), "person", 1).to_pylist()
        assert str(without) == str([row for row in kept if row["person"] != person])


def test_values_are_moved_into_the_bounds_and_nothing_is_left_of_null():
    """On the lattice; NULL and NaN are no values."""
    assert columns.lattice(TABLE, "hours", low=HOURS.low, high=HOURS.high, step=HOURS.step).tolist() == [
        2, 10, 20, 5, 0, 16,
    ]  # fmt: skip


def test_answers_with_much_epsilon_are_the_bounded_truth():
    """Two rows of each unit: 1, 5, 2.5 and 0 hours, six rows with a person."""
    unit = dp.Unit("person", rows=2)
    far = Fraction(1, 2)
    assert abs(dp.count(TABLE, unit=unit, epsilon=MUCH).value - 6) <= far
    assert abs(dp.sum(TABLE, "hours", lattice=HOURS, unit=unit, epsilon=MUCH * 10).value - Fraction(17, 2)) <= far
    assert abs(dp.mean(TABLE, "hours", lattice=HOURS, unit=unit, epsilon=MUCH * 10).value - Fraction(17, 8)) <= far
    upper = dp.quantile(TABLE, "hours", Fraction(5, 8), lattice=HOURS, unit=unit, epsilon=MUCH * 10)
    assert upper.value == Fraction(5, 2)  # of 0, 1, 2.5 and 5 the third
    cities = dp.histogram(TABLE, "city", keys=["a", "b", "x"], unit=unit, epsilon=MUCH)
    assert cities.table().to_pylist() == [
        {"city": "a", "count": 2},
        {"city": "b", "count": 2},
        {"city": "x", "count": 0},
    ]
    assert set(dp.top_k(TABLE, "city", 2, keys=["a", "b", "x"], unit=unit, epsilon=MUCH * 4)[0]) == {"a", "b"}
    [one, two] = dp.marginals(
        TABLE, [["city"], ["city", "person"]], keys={"city": ["a", "b"], "person": [1, 2]}, unit=unit, rho=MUCH * 100
    )
    assert (one.counts, two.cells, two.counts) == ((2, 2), (("a", 1), ("a", 2), ("b", 1), ("b", 2)), (1, 0, 1, 1))


@pytest.mark.parametrize(
    "ask",
    [
        lambda spend: dp.count(TABLE, unit=dp.Unit("nobody"), epsilon=MUCH, charge=spend),
        lambda spend: dp.sum(TABLE, "x", lattice=HOURS, unit=dp.Unit("person"), epsilon=MUCH, charge=spend),
        lambda spend: dp.mean(TABLE, "x", lattice=HOURS, unit=dp.Unit("person"), epsilon=MUCH, charge=spend),
        lambda spend: dp.quantile(
            TABLE, "x", Fraction(1, 2), lattice=HOURS, unit=dp.Unit("person"), epsilon=MUCH, charge=spend
        ),
        lambda spend: dp.histogram(TABLE, "x", keys=["a"], unit=dp.Unit("person"), epsilon=MUCH, charge=spend),
        lambda spend: dp.top_k(TABLE, "x", 1, keys=["a"], unit=dp.Unit("person"), epsilon=MUCH, charge=spend),
        lambda spend: dp.find_lattice(TABLE, "x", step=Fraction(1), unit=dp.Unit("person"), epsilon=MUCH, charge=spend),
        lambda spend: dp.advise_rows(TABLE, "x", most=3, epsilon=MUCH, answer_epsilon=MUCH, charge=spend),
        lambda spend: dp.marginals(TABLE, [["x"]], keys={"x": ["a"]}, unit=dp.Unit("person"), rho=MUCH, charge=spend),
    ],
)
def test_the_charge_comes_before_the_table_is_looked_at(ask):
    """The column does not even exist, and yet the first thing that happens is the charge."""

    def spend(cost):
        assert cost.rho > 0
        raise PermissionError

    with pytest.raises(PermissionError):
        ask(spend)


def test_bounds_are_found_and_charged():
    """Powers of two of the step about what rows have; an empty column has none.

    Noise of scale 1/100 lifts an empty bin over the line with a chance of e**-100.
    """
    table = pa.table({"person": range(3000), "pay": [*[-3.0] * 1000, *[70.0] * 2000]})
    paid = []
    unit = dp.Unit("person")
    found, cost = dp.find_lattice(table, "pay", step=Fraction(1, 2), unit=unit, epsilon=MUCH, charge=paid.append)
    assert (found, paid) == (dp.Lattice(Fraction(-7, 2), Fraction(255, 2), Fraction(1, 2)), [cost])
    none, _ = dp.find_lattice(table.slice(0, 0), "pay", step=Fraction(1), unit=unit, epsilon=MUCH)
    assert none is None
    zeros = pa.table({"person": range(500), "pay": [0] * 500})
    found, _ = dp.find_lattice(zeros, "pay", step=Fraction(1), unit=unit, epsilon=MUCH)
    assert found == dp.Lattice(Fraction(0), Fraction(1), Fraction(1))


def test_magnitudes_are_the_bins_of_the_search():
    """Vectorised and one by one they are the same, at every power of two and beside it."""
    values = sorted({sign * (2**bits + off) for bits in range(38) for off in (-1, 0, 1) for sign in (-1, 1)})
    tally = [0] * bounds.BINS
    for value in values:
        tally[bounds.bin_of(value)] += 1
    assert columns.magnitudes(pa.table({"x": pa.array(values, pa.int64())}), "x", Fraction(1)) == tally


def test_advice_weighs_what_is_dropped_against_noise():
    """A thousand units with four rows: with much epsilon all four count, with hardly any one does."""
    table = pa.table({"person": [number // 4 for number in range(4000)] + [None]})
    best = {
        much: dp.advise_rows(table, "person", most=9, epsilon=MUCH, answer_epsilon=Fraction(much)).best.bound
        for much in ("1", "1/100000")
    }
    assert best == {"1": 4, "1/100000": 1}


def test_models_of_diffprivlib_need_the_limits_said_back():
    """Opt-in, in so many words."""
    pytest.importorskip("diffprivlib")
    from guard.anonymize.dp.diffprivlib_window import MODEL_LIMITS

    with pytest.raises(UsageError):
        dp.contrib("GaussianNB", accept="yes")
    assert dp.contrib("GaussianNB", accept=MODEL_LIMITS).__name__ == "GaussianNB"


def test_the_preview_is_made_of_public_numbers():
    """Half widths fall as epsilon grows, in text and in a picture that is one SVG element."""
    curve = preview.points(groups=2, amount=Fraction(5), step=Fraction(1), delta=Fraction(1, 10**6), noise="laplace")
    halves = [point.half_width for point in curve]
    assert halves == sorted(halves, reverse=True)
    assert halves[4] == 150  # 50 * ln(40 / (1 + q)) with q = exp(-1/50), rounded to the least integer that holds
    assert preview.text(curve).count("\n") == len(curve) + 1
    picture = preview.svg(curve, title="a < b")
    assert (picture.startswith("<svg "), "a &lt; b" in picture, picture.count("<circle")) == (True, True, len(curve))
