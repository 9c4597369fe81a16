"""Scanning 100 columns of 1,000 values: from an open DuckDB file through sampling to labels.

The columns are mixed as a city's tables are: identifiers, names, addresses, texts, codes, times and amounts; the
source is a real DuckDB database that guard opens read-only. The figure is the whole of sampling and classifying;
loading the rules is told apart.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.result import Result

COLUMNS, ROWS, TABLES, TIMES = 100, 1_000, 5, 3
RULES = Path(__file__).resolve().parents[1] / "rules"


def tables(seed: int) -> dict[str, Any]:
    """Five Arrow tables of twenty columns: half of them sensitive kinds, half harmless ones."""
    import pyarrow as pa

    from tests.classify.invented import HARMLESS, SENSITIVE

    kinds = [(names[0], make) for _, names, make in SENSITIVE]
    r = random.Random(seed)
    made: dict[str, dict[str, list[Any]]] = {f"t{index}": {} for index in range(TABLES)}
    for number in range(COLUMNS):
        pool = kinds if number % 2 else HARMLESS
        name, make = pool[number // 2 % len(pool)]
        made[f"t{number % TABLES}"][f"{name}_{number}"] = [make(r) for _ in range(ROWS)]
    return {name: pa.table(columns) for name, columns in made.items()}


def run() -> Result:
    """Times the scan; the median of three."""
    import duckdb

    from guard.classify import Classifier
    from guard.sources.open import open_source
    from guard.sources.source import Limits

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "city.duckdb"
        with duckdb.connect(str(path)) as connection:
            for name, table in tables(seed=7).items():
                connection.register("frame", table)
                connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM frame')
                connection.unregister("frame")
        started = time.perf_counter()
        classifier = Classifier.load(RULES)
        load = time.perf_counter() - started
        taken, sampled, labels = [], 0.0, 0
        source = open_source(str(path))
        try:
            for _ in range(TIMES):
                sampled, labels, started = 0.0, 0, time.perf_counter()
                for info in source.tables():
                    before = time.perf_counter()
                    sample = source.sample(info, rows=ROWS, seed=0, limits=Limits())
                    sampled += time.perf_counter() - before
                    found = classifier.classify_table(sample, dataset=info.dataset, info=info)
                    labels += sum(label.verdict == "sensitive" for label in found)
                taken.append(time.perf_counter() - started)
        finally:
            source.close()
    seconds = statistics.median(taken)
    print(f"{COLUMNS} columns x {ROWS} values: {seconds:.3f} s, of which sampling {sampled:.3f} s; {labels} sensitive")
    context: dict[str, object] = {
        "columns_per_s": COLUMNS / seconds,
        "load_s": load,
        "sampling_s": sampled,
        "sensitive": labels,
    }
    return Result({"seconds_100x1000": seconds}, context)
