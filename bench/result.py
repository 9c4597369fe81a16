"""What a benchmark returns."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Result:
    """Figures by the names of the benchmark table, and the context they were measured in."""

    figures: dict[str, float]
    context: dict[str, object] = field(default_factory=dict)
