"""`python -m bench` lists the benchmarks; `python -m bench NAME [SIZE]` runs one and ends with one line of JSON.

A benchmark is a module of this folder with `run() -> Result`; its name is the file's, with `-` for `_`. One whose
`run` takes a size can be run small, as a smoke test; its figures are then no measurement.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import platform
import sys
from pathlib import Path

NOT_BENCHMARKS = {"__main__", "peers", "result"}


def names() -> list[str]:
    """The benchmarks, found by being in this folder."""
    modules = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(module.name.replace("_", "-") for module in modules if module.name not in NOT_BENCHMARKS)


def main(arguments: list[str]) -> int:
    """Runs the benchmark named by the one argument."""
    if not arguments:
        print("\n".join(names()))
        return 0
    name, sizes = arguments[0], arguments[1:]
    if name not in names() or len(sizes) > 1 or not all(size.isdigit() for size in sizes):
        print(f"usage: python -m bench [{' | '.join(names())}] [SIZE]", file=sys.stderr)
        return 2
    run = importlib.import_module(f"bench.{name.replace('-', '_')}").run
    if sizes and not inspect.signature(run).parameters:
        print(f"the benchmark `{name}` takes no size", file=sys.stderr)
        return 2
    result = run(*(int(size) for size in sizes))
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "machine": platform.machine()}
    print(json.dumps({"bench": name, "figures": result.figures, "context": {**machine, **result.context}}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
