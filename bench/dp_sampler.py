"""Exact noise from operating-system randomness: draws a second on one core, the slowest of scales up to 2**80.

Beside diffprivlib's Geometric (floats) and OpenDP's vector calls in the same run.
"""

from __future__ import annotations

from fractions import Fraction

from bench.peers import alternate
from bench.result import Result

SCALES = (Fraction(1, 2), Fraction(10), Fraction(12345, 7), Fraction(2**40), Fraction(2**80))
DRAWS = 100_000
PEER_DRAWS = 20_000


def run() -> Result:
    """Rates of both samplers at each scale."""
    import opendp.prelude as opendp

    from guard.anonymize.dp.diffprivlib_window import mechanism
    from guard.anonymize.dp.sampler import gaussian, laplace

    opendp.enable_features("contrib")
    space = opendp.vector_domain(opendp.atom_domain(T=int))
    zeros = [0] * PEER_DRAWS
    their_laplace = opendp.m.make_laplace(space, opendp.l1_distance(T=int), scale=10.0)
    their_gaussian = opendp.m.make_gaussian(space, opendp.l2_distance(T=float), scale=10.0)
    geometric = mechanism("Geometric", epsilon=Fraction(1, 10))
    programs = {f"laplace {i}": (lambda s=s: laplace(s, DRAWS), DRAWS) for i, s in enumerate(SCALES)}
    programs |= {f"gaussian {i}": (lambda s=s: gaussian(s * s, DRAWS), DRAWS) for i, s in enumerate(SCALES)}
    programs["diffprivlib"] = (lambda: [geometric.randomise(0) for _ in zeros], PEER_DRAWS)
    programs["opendp lap"] = (lambda: their_laplace(zeros), PEER_DRAWS)
    programs["opendp gauss"] = (lambda: their_gaussian(zeros), PEER_DRAWS)
    rates = alternate(programs, turns=3)
    slowest = {kind: min(rate for name, rate in rates.items() if name.startswith(kind)) for kind in ("lap", "gauss")}
    figures = {"laplace_per_s": round(slowest["lap"]), "gaussian_per_s": round(slowest["gauss"])}
    context = {name: round(rate) for name, rate in rates.items()}
    return Result(figures, {**context, "scales": [str(scale) for scale in SCALES]})
