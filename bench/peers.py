"""Rates of several programs on the same work, taken in turns, so that all see the same noise of the machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

TURNS = 5


def alternate(programs: Mapping[str, tuple[Callable[[], object], int]], *, turns: int = TURNS) -> dict[str, float]:
    """Values a second of CPU time of each program, the median of all turns; each is (what to run, how many values).

    The first turn warms up and does not count.
    """
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for turn in range(turns + 1):
        for name, (program, _) in programs.items():
            begun = time.process_time()
            program()
            if turn:
                seconds[name].append(time.process_time() - begun)
    rates = {name: count / statistics.median(seconds[name]) for name, (_, count) in programs.items()}
    for name, rate in rates.items():
        print(f"{name:12} {rate:14,.0f} values/s")
    return rates
