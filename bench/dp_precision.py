"""Outputs that tell D from D': ten million draws, looked through for values that one database makes impossible.

Noise on the integers proves nothing only if every integer stays possible. An event is an output that is no integer, an
integer about the centre that never comes although its probability says that it must, or, at large scales, a low byte
that is missing or preferred: that is how a float grid shows. Beside it Mironov's attack on diffprivlib's Laplace:
outputs under one half that are no multiple of 2**-53 prove the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction

from bench.result import Result

DRAWS = 10_000_000
BLOCK = 500_000
PEER_DRAWS = 100_000
CASES = 10  # of DRAWS / CASES draws each


def run() -> Result:
    """Events of ours in ten million draws, and the share of diffprivlib's."""
    from guard.anonymize.dp.sampler import gaussian, laplace

    events = 0
    samplers = (
        (laplace, (Fraction(1), Fraction(10), Fraction(333, 10), Fraction(10**15), Fraction(2**80))),
        (gaussian, (Fraction(1), Fraction(100), Fraction(3333, 10), Fraction(10**30), Fraction(2**160))),
    )
    for draw, parameters in samplers:
        for parameter in parameters:
            found = _events(draw, parameter, DRAWS // CASES)
            print(f"{draw.__name__:9} {float(parameter):12.4g}: {found} events in {DRAWS // CASES} draws")
            events += found
    share = _peer()
    print(f"diffprivlib Laplace at epsilon 1: {share:.1%} of the draws prove the database")
    return Result({"events": events}, {"draws": DRAWS, "diffprivlib_share": round(share, 4)})


def _events(draw: Callable[[Fraction, int], list[int]], parameter: Fraction, draws: int) -> int:
    """Outputs about centre 0 whose image about centre 1 is out of reach: holes and odd residues."""
    seen: Counter[int] = Counter()
    wrong = 0
    residues: Counter[int] = Counter()
    for _ in range(draws // BLOCK):
        values = draw(parameter, BLOCK)
        wrong += sum(type(value) is not int for value in values)
        residues.update(value & 0xFF for value in values)
        if parameter < 10_000:
            seen.update(values)
    if parameter < 10_000:
        # Values about the centre have a probability of 1/(4 scale) at least: none may be missing.
        near = range(-2, 3)
        wrong += sum(seen[value] == 0 for value in near)
    else:
        # At a large scale every low byte is reachable and equally likely; a float grid leaves holes.
        wrong += sum(abs(residues[byte] - draws / 256) > 10 * (draws / 256) ** 0.5 for byte in range(256))
    return wrong


def _peer() -> float:
    from diffprivlib.mechanisms import Laplace

    mechanism = Laplace(epsilon=1.0, sensitivity=1.0)
    proof = 0
    for _ in range(PEER_DRAWS):
        y = mechanism.randomise(0.0)
        proof += abs(y) < 0.5 and y * 2**53 != int(y * 2**53)
    return proof / PEER_DRAWS
