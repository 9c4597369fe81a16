"""What an answer under differential privacy says about itself, for people and as JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from guard.engine.dp_answer import Privacy


def as_lines(privacy: Privacy) -> str:
    """A few lines below a table."""
    paid = "" if privacy.fresh else " (paid before)"
    cost = f"epsilon {privacy.epsilon}, delta {privacy.delta}{paid}"
    lines = [f"  privacy  {cost}; spent {privacy.spent or '-'} of {privacy.budget}, {privacy.remaining or '-'} remain"]
    bounds = f"a person counts in {privacy.groups} group(s), {privacy.rows} row(s) each"
    if privacy.threshold is not None:
        about = f"about {privacy.suppressed} kept back (± {_short(privacy.suppressed_deviation or 0.0)})"
        bounds += f"; groups under {privacy.threshold} persons are not shown, {about}"
    lines.append(f"  bounds   {bounds}")
    for column, deviations in privacy.deviations.items():
        if deviations:
            halves = [(high - low) / 2 for low, high in privacy.intervals[column]]
            lines.append(f"  noise    {column}: deviation {_range(deviations)}, 95 % within ± {_range(halves)}")
    for column, rank in privacy.ranks.items():
        lines.append(f"  noise    {column}: its rank is off by {rank} rows at most, with 95 %")
    return "\n".join(lines)


def as_object(privacy: Privacy) -> dict[str, Any]:
    """Every part of it, as JSON has it."""
    made: dict[str, Any] = msgspec.to_builtins(privacy)
    return made


def _range(numbers: list[float] | tuple[float, ...]) -> str:
    low, high = min(numbers), max(numbers)
    return _short(low) if math.isclose(low, high, rel_tol=1e-3) else f"{_short(low)} to {_short(high)}"


def _short(number: float) -> str:
    return f"{number:.4g}"
