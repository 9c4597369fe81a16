"""Scanning a catalogue of 10,000 columns again when nothing changed, and again after its rules did.

The catalogue is a real DuckDB file: 500 tables of 20 columns, mixed as a city's tables are, with 20 rows each. It is
scanned once. Then a new guard opens the same state and scans again: `seconds` is the whole of `Guard.scan`, from
opening the source to the durable entry in the audit log, with the rules loaded anew; `cells_read` counts what the
source was asked for. In the context: the same after a level of the taxonomy changed, which weighs every field anew from
what was seen, and a scan of one table that did change.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.result import Result

TABLES, COLUMNS, ROWS, TIMES = 500, 20, 20, 3
RULES = Path(__file__).resolve().parents[1] / "rules"


def run() -> Result:
    """The best of three."""
    from guard.sources.marks import RACY_NS

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _catalogue(folder / "city.duckdb")
        rules = folder / "rules"
        shutil.copytree(RULES, rules)
        time.sleep(RACY_NS / 1e9)  # a file this young could change once more without a trace
        first = _scan(folder)
        again = [_scan(folder) for _ in range(TIMES)]
        levels = rules / "taxonomy" / "contact.yaml"
        levels.write_text(levels.read_text().replace("level: 3", "level: 4"))
        weighed = _scan(folder)
    seconds = min(one["seconds"] for one in again)
    print(f"first scan: {first['seconds']:.1f} s, {first['cells']} cells")
    print(f"again, nothing changed: {seconds:.2f} s, {again[0]['cells']} cells, {again[0]['unchanged']} fields kept")
    print(f"again, other rules: {weighed['seconds']:.1f} s, {weighed['cells']} cells")
    figures = {"cells_read": max(one["cells"] for one in again), "seconds": round(seconds, 3)}
    context: dict[str, object] = {
        "columns": TABLES * COLUMNS,
        "first_seconds": round(first["seconds"], 1),
        "first_cells": first["cells"],
        "open_and_close_seconds": round(min(one["around"] for one in again), 2),
        "other_rules_seconds": round(weighed["seconds"], 2),
        "other_rules_cells": weighed["cells"],
    }
    return Result(figures, context)


def _scan(folder: Path) -> dict[str, Any]:
    from guard.engine import open_guard
    from guard.sources.duckdb import DuckDBFile

    asked = 0
    real = DuckDBFile.sample

    def counted(self: DuckDBFile, *arguments: Any, **options: Any) -> Any:
        nonlocal asked
        found = real(self, *arguments, **options)
        asked += found.num_rows * found.num_columns
        return found

    DuckDBFile.sample = counted  # type: ignore[method-assign] # what leaves the source is what counts
    begun = time.perf_counter()
    try:
        with open_guard(folder=folder, operator="bench", settings={"rules": str(folder / "rules")}) as guard:
            started = time.perf_counter()
            report = guard.scan(f"duckdb:///{folder / 'city.duckdb'}")
            seconds = time.perf_counter() - started
    finally:
        DuckDBFile.sample = real  # type: ignore[method-assign] # as above
    assert len(report.fields) == TABLES * COLUMNS
    around = time.perf_counter() - begun - seconds
    return {"seconds": seconds, "cells": asked, "unchanged": report.unchanged, "around": around}


def _catalogue(path: Path) -> None:
    import duckdb
    import pyarrow as pa

    from tests.classify.invented import HARMLESS, SENSITIVE

    chance = random.Random(7)
    kinds = [(names[0], make) for _, names, make in SENSITIVE]
    with duckdb.connect(str(path)) as connection:
        for number in range(TABLES):
            columns = {}
            for place in range(COLUMNS):
                pool = kinds if place % 2 else HARMLESS
                name, make = pool[(number * COLUMNS + place) // 2 % len(pool)]
                columns[f"{name}_{place}"] = [make(chance) for _ in range(ROWS)]
            connection.register("frame", pa.table(columns))
            connection.execute(f'CREATE TABLE "t{number}" AS SELECT * FROM frame')
            connection.unregister("frame")
