"""`python -m bench` lists the benchmarks; `python -m bench NAME` runs one and ends with one line of JSON.

A benchmark is a module of this folder with `run() -> Result`; its name is the file's, with `-` for `_`.
"""

from __future__ import annotations

import importlib
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
    if len(arguments) != 1 or arguments[0] not in names():
        print(f"usage: python -m bench [{' | '.join(names())}]", file=sys.stderr)
        return 2
    name = arguments[0]
    result = importlib.import_module(f"bench.{name.replace('-', '_')}").run()
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "machine": platform.machine()}
    print(json.dumps({"bench": name, "figures": result.figures, "context": {**machine, **result.context}}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
