"""Error against epsilon, before anything is spent: from public metadata alone, as text and as SVG."""

from __future__ import annotations

from fractions import Fraction
from html import escape
from typing import Literal

from guard.anonymize.dp import convert
from guard.anonymize.dp.mechanism import Gaussian, Laplace
from guard.errors import UsageError
from guard.model import Value

EPSILONS = tuple(Fraction(n, 100) for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000))
WIDTH, HEIGHT, MARGIN = 640, 360, 56  # pixels


class Point(Value, frozen=True):
    """The half width of the 95 % interval of one number at one epsilon, in the units of the answer."""

    epsilon: Fraction
    half_width: Fraction


def points(
    *, groups: int, amount: Fraction, step: Fraction, delta: Fraction, noise: Literal["laplace", "gaussian"]
) -> tuple[Point, ...]:
    """The curve for a sum to which one unit adds at most `amount` in each of `groups` groups.

    Raises:
        UsageError: the amount is not a whole number of steps, or delta does not fit the noise.
    """
    units = amount / step if step > 0 else Fraction(0)
    if units.denominator != 1 or units < 1 or groups < 1:
        raise UsageError("the amount is not a whole number of steps", help="for a count, the amount is rows per unit")
    found = []
    for epsilon in EPSILONS:
        if noise == "laplace":
            half = Laplace(groups * int(units), epsilon).half_width()
        else:
            rho = convert.mu_squared_within(epsilon, delta) / 2
            half = Gaussian(groups * int(units) ** 2, rho).half_width()
        found.append(Point(epsilon, half * step))
    return tuple(found)


def text(curve: tuple[Point, ...], *, width: int = 40) -> str:
    """One line a point; bars are proportional to the half width in steps of a power of two."""
    longest = max(_magnitude(point.half_width) for point in curve)
    lines = ["epsilon   95 % of answers are within"]
    for point in curve:
        bar = "#" * max(1, width * _magnitude(point.half_width) // max(1, longest))
        lines.append(f"{float(point.epsilon):7g}   {float(point.half_width):14,.6g}  {bar}")
    return "\n".join(lines) + "\n"


def svg(curve: tuple[Point, ...], *, title: str) -> str:
    """A line chart; the error on a logarithmic scale, each point with its number."""
    heights = [_magnitude(point.half_width) for point in curve]
    low, high = min(heights), max(heights)
    across = (WIDTH - 2 * MARGIN) / max(1, len(curve) - 1)
    places = [
        (MARGIN + i * across, HEIGHT - MARGIN - (height - low) * (HEIGHT - 2 * MARGIN) / max(1, high - low))
        for i, height in enumerate(heights)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    marks = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
        f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle">±{float(point.half_width):.4g}</text>'
        f'<text x="{x:.1f}" y="{HEIGHT - MARGIN + 18}" text-anchor="middle">{float(point.epsilon):g}</text>'
        for (x, y), point in zip(places, curve, strict=True)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif" '
        f'font-size="11"><title>{escape(title)}</title><rect width="100%" height="100%" fill="white"/>'
        f'<text x="{MARGIN}" y="24" font-size="14">{escape(title)}</text>'
        f'<polyline points="{line}" fill="none" stroke="black"/>{marks}'
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">epsilon</text></svg>\n'
    )


def _magnitude(x: Fraction) -> int:
    """Eighths of a doubling, from one thousandth of a step up: a coarse logarithm in whole numbers."""
    return max(1, ((x * 1000) ** 8).__floor__().bit_length())
