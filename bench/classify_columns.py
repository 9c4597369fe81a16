"""Columns of 500 samples: how many a second, how honest the probability is, and how many harmless ones are tagged.

Three sets, all generated apart from the detectors (`tests.classify.invented`): columns that databases hold, for the
speed; harmless columns (times, ids, versions, amounts, codes), for the false tags; and for the calibration columns of
both sorts made hard, with few values, values of another column mixed in, or a name that says nothing or of another
column. A column that guard did not look at has no probability. Where the GitTables file is there, the calibration on
it is told apart, in the context.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.result import Result

RULES = Path(__file__).resolve().parents[1] / "rules"
GITTABLES = Path(os.environ.get("GUARD_SHARED_DATA", RULES.parent.parent / "shared" / "data")) / (
    "gittables/columns_dev.json"
)
SAMPLES, SPEED_COLUMNS, NEGATIVE, HARD = 500, 200, 1_000, 1_500
BINS = 10
SENSITIVE_SHARE = 0.2  # of the hard columns, as of the labelled columns of GitTables


def error(pairs: Sequence[tuple[float, bool]]) -> float:
    """The expected calibration error: the mean distance of probability and share in ten bins, by their size.

    >>> error([(0.9, True)] * 9 + [(0.9, False)])
    0.0
    """
    bins: dict[int, list[tuple[float, bool]]] = {}
    for probability, truth in pairs:
        bins.setdefault(min(int(probability * BINS), BINS - 1), []).append((probability, truth))
    return sum(abs(sum(p for p, _ in some) - sum(truth for _, truth in some)) for some in bins.values()) / len(pairs)


def probability(label: Any) -> float:
    """The probability that the column is sensitive, as the label says it."""
    if label.verdict == "sensitive":
        return float(label.score)
    return max((p for _, p in label.others), default=0.0 if label.label else float(label.score))


def hard(count: int, seed: int) -> Iterator[tuple[bool, str, list[Any]]]:
    """Columns that are hard to judge: sensitive or not, name, values as text."""
    from tests.classify.invented import HARMLESS, SENSITIVE

    r = random.Random(seed)
    for _ in range(count):
        sensitive = r.random() < SENSITIVE_SHARE
        other = r.choice(HARMLESS)
        _, names, make = r.choice(SENSITIVE)
        name, values = (r.choice(names), make) if sensitive else (other[0], r.choice(HARMLESS)[1])
        if sensitive and r.random() < 0.2:
            name = r.choice([other[0], "c7", "field_3", "value"])
        rows = r.choice([0, 3, 20, 100, 500])
        share = r.choice([1.0, 1.0, 0.7, 0.3]) if sensitive else 1.0
        yield sensitive, name, [str(values(r) if r.random() < share else other[1](r)) for _ in range(rows)]


def gittables(classifier: Any) -> list[tuple[float, bool]]:
    """Probability and truth of the hand-labelled columns; empty without the file."""
    import pyarrow as pa

    from guard.model import Dataset

    if not GITTABLES.exists():
        return []
    pairs = []
    for name, table in json.loads(GITTABLES.read_text("utf-8")).items():
        columns = {column: list(map(str, row["records"])) for column, row in table["columns"].items()}
        labels = classifier.classify_table(pa.table(columns), dataset=Dataset("file", name))
        tops = {label.field.path: label for label in labels}
        pairs += [(probability(tops[c]), bool(row["sensitivity_gt"])) for c, row in table["columns"].items()]
    return pairs


def run() -> Result:
    """Measures the three figures."""
    import pyarrow as pa

    from guard.classify import Classifier
    from guard.model import Dataset
    from tests.classify.invented import HARMLESS, SENSITIVE, negative_columns

    classifier = Classifier.load(RULES)
    dataset = Dataset("bench", "t")

    def judged(name: str, values: list[Any]) -> Any:
        return classifier.classify_table(pa.table({name: values}), dataset=dataset)[0]

    r = random.Random(5)
    pool = [(names[0], make) for _, names, make in SENSITIVE]
    tables: list[dict[str, list[Any]]] = [{} for _ in range(10)]
    for number in range(SPEED_COLUMNS):
        name, make = (pool if number % 2 else list(HARMLESS))[
            number // 2 % (len(pool) if number % 2 else len(HARMLESS))
        ]
        tables[number % 10][f"{name}_{number}"] = [make(r) for _ in range(SAMPLES)]
    arrow = [pa.table(columns) for columns in tables]
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        for table in arrow:
            classifier.classify_table(table, dataset=dataset)
        taken.append(time.perf_counter() - started)
    speed = SPEED_COLUMNS / statistics.median(taken)

    times = -(-NEGATIVE // len(HARMLESS))
    negative = list(negative_columns(seed=31, times=times, rows=SAMPLES // 5))
    tagged = [name for name, values in negative if judged(name, values).verdict == "sensitive"]

    labels = [(judged(name, values), sensitive) for sensitive, name, values in hard(HARD, seed=11)]
    pairs = [(probability(label), sensitive) for label, sensitive in labels if label.verdict != "not_scanned"]
    real = gittables(classifier)
    print(f"{speed:.0f} columns/s; {len(tagged)} of {len(negative)} harmless columns tagged: {sorted(set(tagged))}")
    print(f"calibration error {error(pairs):.4f} on {len(pairs)} hard columns")
    context: dict[str, object] = {
        "negative_columns": len(negative),
        "hard_columns": len(pairs),
        "fastest_columns_per_s": SPEED_COLUMNS / min(taken),
    }
    if real:
        context["calibration_error_gittables"] = error(real)
        print(f"calibration error {error(real):.4f} on {len(real)} columns of GitTables")
    return Result(
        {
            "columns_per_s": speed,
            "calibration_error": error(pairs),
            "false_tag_rate": len(tagged) / len(negative),
        },
        context,
    )
