"""The samplers draw from exactly the distributions that they name."""

from __future__ import annotations

import ast
import math
import os
from fractions import Fraction
from itertools import count
from pathlib import Path

import pytest

import guard.anonymize.dp as room
from guard.anonymize.dp import chance, real, sampler
from guard.anonymize.dp.sampler import gaussian, laplace
from guard.errors import UsageError
from tests.anonymize.dp import fit

DRAWS = 100_000
SCALES = (Fraction(1, 5), Fraction(1), Fraction(7, 3), Fraction(100))
HUGE = Fraction(2**80)


@pytest.mark.parametrize("scale", SCALES)
def test_laplace_follows_its_mass_function(scale):
    """At small, fractional and ordinary scales."""
    assert fit.p_value(laplace(scale, DRAWS), fit.laplace_mass(float(scale))) > fit.LINE


@pytest.mark.parametrize("sigma_squared", SCALES)
def test_gaussian_follows_its_mass_function(sigma_squared):
    """At small, fractional and ordinary variances."""
    assert fit.p_value(gaussian(sigma_squared, DRAWS), fit.gaussian_mass(float(sigma_squared))) > fit.LINE


def test_huge_scales_follow_the_continuous_law_and_fill_every_bit():
    """At 2**80 the shape in steps of an eighth of the scale is right, and the low byte is uniform."""
    laws = (
        (laplace(HUGE, DRAWS), lambda x: math.exp(x) / 2 if x < 0 else 1 - math.exp(-x) / 2),
        (gaussian(HUGE**2, DRAWS), lambda x: (1 + math.erf(x / 2**0.5)) / 2),
    )
    for draws, below in laws:
        eighths = [x * 8 // 2**80 for x in draws]
        assert fit.p_value(eighths, lambda x, f=below: f((x + 1) / 8) - f(x / 8)) > fit.LINE
        low = [x % 256 for x in draws]
        assert fit.p_value(low, lambda x: 1 / 256 if 0 <= x < 256 else 0.0) > fit.LINE


def test_beside_other_implementations():
    """OpenDP's samplers and diffprivlib's, inside its window, draw from the same distributions as ours."""
    opendp = pytest.importorskip("opendp.prelude")
    opendp.enable_features("contrib")
    space = opendp.vector_domain(opendp.atom_domain(T=int))
    n = 20_000

    from guard.anonymize.dp.diffprivlib_window import mechanism

    geometric = mechanism("Geometric", epsilon=Fraction(1, 5))
    beside = opendp.m.make_laplace(space, opendp.l1_distance(T=int), scale=5.0)
    for draws in (laplace(Fraction(5), n), beside([0] * n), [geometric.randomise(0) for _ in range(n)]):
        assert fit.p_value(draws, fit.laplace_mass(5)) > fit.LINE
    beside = opendp.m.make_gaussian(space, opendp.l2_distance(T=float), scale=5.0)
    for draws in (gaussian(Fraction(25), n), beside([0] * n)):
        assert fit.p_value(draws, fit.gaussian_mass(25)) > fit.LINE
    theirs = mechanism("GaussianDiscrete", epsilon=Fraction(1), delta=Fraction(1, 10**6))
    variance = 1 / (2 * float(theirs.cost.rho))
    assert fit.p_value([theirs.randomise(0) for _ in range(5000)], fit.gaussian_mass(variance)) > fit.LINE


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("off by one", lambda draws: [x + 1 for x in draws]),
        ("a scale 5 % too small", None),
        ("the zero drawn twice", lambda draws: [*draws, *[0] * (draws.count(0) // 2)]),
        ("the sign forgotten", lambda draws: [abs(x) for x in draws]),
        ("the tail cut", lambda draws: [min(max(x, -15), 15) for x in draws]),
    ],
)
def test_a_faulty_sampler_is_seen(name, fault):
    """A test of the test: each of these draws is rejected.

    The slightest fault, 5 % of Laplace's scale, makes 550 nats of relative entropy in so many draws, deviation 33, and
    is seen from 157 on.
    """
    del name
    n = 4 * DRAWS
    draws = fault(laplace(Fraction(5), n)) if fault else laplace(Fraction(5 * 95, 100), n)
    assert fit.p_value(draws, fit.laplace_mass(5)) < fit.LINE
    draws = fault(gaussian(Fraction(25), n)) if fault else gaussian(Fraction(25 * 95**2, 100**2), n)
    assert fit.p_value(draws, fit.gaussian_mass(25)) < fit.LINE


def test_a_tie_is_decided_by_further_digits():
    """Bytes that equal 40 digits of a probability are followed by more, which decide; nothing is rounded."""
    p = chance.exp_minus(Fraction(1))
    digits = (real.exp(Fraction(-1), 8 * 60)[0] >> 8 * 19).to_bytes(41, "big")
    for last, expected in ((digits[40] - 1, True), (digits[40] + 1, False)):
        stream = iter(bytes([*digits[:40], last]))
        found = chance.Digits((p,)).draw(1, lambda n, s=stream: bytes(next(s) for _ in range(n)))
        assert found.tolist() == [[expected]]
        stream = iter(bytes([*digits[:40], last, *bytes(7)]))
        assert chance.happens(p, lambda n, s=stream: bytes(next(s) for _ in range(n))) is expected


@pytest.mark.parametrize("scale", [*SCALES, HUGE])
def test_squares_of_one_exponential_bound_the_others(scale):
    """Each holds the true value, by an exponential of its own at more digits, and is as tight as that one."""
    powers = sampler._Squares(1 / scale, 90)
    for bits, i in ((128, 0), (128, 1), (64, 7), (200, 30), (128, 90)):
        low, high = powers.bounds(i, bits)
        below, above = real.exp(-(2**i) / scale, bits + 32)
        assert low << 32 <= below <= above <= high << 32
        assert high - low <= 2


def test_an_exponent_that_ties_is_decided_exactly():
    """The comparison of 58 bits is only a filter: where it ties, the exact fraction is asked."""
    third = (1 << 58) // 3
    for low_bits, expected in ((0, True), ((1 << 6) - 1, False)):  # 1/3 goes on with 010101 in binary
        blocks = iter([((third << 6) | low_bits).to_bytes(8, "little"), b"\xff" * 8, b"\xff" * 8])
        goes_on_then_stops = chance.exp_minus_each([(1, 3)], lambda n, b=blocks: next(b))
        assert goes_on_then_stops.tolist() == [not expected]


def test_nothing_is_drawn_twice_and_the_system_is_asked():
    """Every byte that is used came from the operating system once."""
    asked = count()
    source = chance.Buffered(lambda n: (next(asked), os.urandom(n))[1])
    seen = [source(8) for _ in range(2000)]
    assert len(set(seen)) == 2000
    assert next(asked) == -(-16_000 // chance.BUFFER)


def test_no_draws_and_a_few():
    """The number of draws is what was asked for."""
    assert [len(laplace(Fraction(3), n)) for n in (0, 1, 17)] == [0, 1, 17]
    assert [len(gaussian(Fraction(3), n)) for n in (0, 1, 17)] == [0, 1, 17]


@pytest.mark.parametrize("parameter", [Fraction(0), Fraction(-1), 1.5, True, Fraction(2**129), Fraction(1, 2**5000)])
def test_a_scale_that_makes_no_sense_is_refused(parameter):
    """Zero, negative, a float, beyond the largest scale, or absurdly long."""
    with pytest.raises(UsageError):
        laplace(parameter, 1)
    with pytest.raises(UsageError):
        gaussian(parameter if parameter != Fraction(2**129) else Fraction(2**257), 1)


def test_no_float_is_in_the_way_of_the_noise():
    """The modules that draw hold no float literal, no call of float, no random module, no float of numpy."""
    folder = Path(room.__file__).parent
    for name in ("chance", "real", "sampler", "quantile", "threshold", "mechanism"):
        tree = ast.parse((folder / f"{name}.py").read_text())
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), (name, node.lineno)
            assert not (isinstance(node, ast.Name) and node.id in {"float", "random"}), (name, node.lineno)
            if isinstance(node, ast.Attribute):
                assert not node.attr.startswith(("float", "random")), (name, node.lineno)
            if isinstance(node, ast.ImportFrom) and node.module == "math":
                assert {alias.name for alias in node.names} <= {"isqrt"}, name
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= {"numpy", "numpy.typing", "os"}, name


def test_the_tail_beyond_the_bits_is_geometric():
    """Bits above 64 scales are drawn as one: given that they are not all zero, their number is geometric."""
    magnitude = sampler._Magnitude(Fraction(1, 100))
    magnitude._tail = Fraction(1)
    draws = [magnitude._beyond(chance.Buffered()) for _ in range(20_000)]
    q = math.exp(-1)
    assert fit.p_value(draws, lambda x: (1 - q) * q ** (x - 1) if x >= 1 else 0.0) > fit.LINE
