"""1 GB of invented CSV through six transforms, file to file: MB of input a second, and peak memory of all processes.

Every person is another one: IDs, phone numbers, cards and notes do not repeat, so that nothing gains from a
dictionary that real data would not fill. The run is a process of its own; its memory is read while it works.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.result import Result

BYTES = 1_000_000_000
ROWS_AT_ONCE = 200_000
SAMPLES_A_SECOND = 50

PLAN = """version: 1
purpose: bench
fields:
  resident_id: {transform: pseudonym, domain: person}
  name: {transform: name}
  phone: {transform: partial, first: 3, last: 4}
  card: {transform: ff1_bank_card}
  birth_date: {transform: date_month}
  income: {transform: generalise_number, width: 1000}
default: keep
"""

RUN = """
import sys, time
from pathlib import Path
from guard.anonymize.files import anonymize_file
from guard.anonymize.keys import Keyring
from guard.anonymize.plan import Plan
from guard.model import Sensitive
plan, ring = Plan.load(Path(sys.argv[3])), Keyring({1: Sensitive(bytes(range(32)))})
begun = time.perf_counter()
rows = anonymize_file(Path(sys.argv[1]), Path(sys.argv[2]), plan, ring)
print(rows, time.perf_counter() - begun)
"""


def run() -> Result:
    """Generates, runs and measures; the input is in the page cache, as after a copy."""
    with tempfile.TemporaryDirectory() as folder:
        source, target, plan = (Path(folder) / name for name in ("in.csv", "out.csv", "plan.yaml"))
        plan.write_text(PLAN)
        rows = _generate(source)
        size = source.stat().st_size
        begun, before = time.perf_counter(), _cpu_seconds()
        child = subprocess.Popen([sys.executable, "-c", RUN, source, target, plan], stdout=subprocess.PIPE)
        peak = _peak_mb(child)
        written, seconds = child.stdout.read().split() if child.stdout else (0, 0)
        wall, cpu = time.perf_counter() - begun, _cpu_seconds() - before
        if child.returncode or int(written) != rows:
            raise RuntimeError("the run failed")
        out = target.stat().st_size
    figures = {"mb_per_s": round(size / 1e6 / float(seconds), 1), "peak_mb": round(peak, 1)}
    context = {"rows": rows, "input_mb": round(size / 1e6), "output_mb": round(out / 1e6), "wall_s": round(wall, 1)}
    context |= {"cpu_s": round(cpu, 1), "load": os.getloadavg()[0]}  # wall time on busy cores says less than these
    print(json.dumps(context))
    return Result(figures, context)


def _cpu_seconds() -> float:
    """Of all children that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _generate(path: Path) -> int:
    """Rows of about 150 bytes: Chinese and Latin text, quoted fields, empty fields."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    rows, cities = 0, pa.array(["北京", "上海", "广州", "深圳", "成都", "杭州", "武汉", "西安"])
    families, given = pa.array(list("王李张刘陈杨黄赵吴周")), pa.array(list("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"))
    dice = np.random.default_rng(7)

    def pick(words: pa.Array) -> pa.Array:
        return words.take(pa.array(dice.integers(0, len(words), ROWS_AT_ONCE)))

    def number(low: int, high: int) -> pa.Array:
        return pa.array(dice.integers(low, high, ROWS_AT_ONCE)).cast(pa.string())

    with path.open("wb") as file:
        file.write(b"resident_id,name,phone,card,birth_date,income,city,created,note\n")
        while file.tell() < BYTES:
            day = dice.integers(-12_000, 14_000, ROWS_AT_ONCE).astype("datetime64[D]").astype(str)
            ids = _resident_ids(rows, day)
            cards = _cards(rows)
            seen = dice.integers(1_600_000_000, 1_760_000_000, ROWS_AT_ONCE).astype("datetime64[s]").astype(str)
            income = pc.if_else(pa.array(dice.random(ROWS_AT_ONCE) < 0.05), pa.scalar(""), number(0, 900_000))
            note = pc.binary_join_element_wise(
                pa.scalar('"visit '),
                number(1, 10**7),
                pa.scalar(', call back about ""contract"" '),
                number(1, 10**6),
                '"',
                "",
            )
            names = pc.binary_join_element_wise(pick(families), pick(given), pick(given), "")
            phones = pc.binary_join_element_wise(pa.scalar("1"), number(3_000_000_000, 9_999_999_999), "")
            columns = [ids, names, phones, cards, pa.array(day), income, pick(cities), pa.array(seen), note]
            lines = pc.binary_join_element_wise(*columns, ",").to_pylist()
            file.write(("\n".join(lines) + "\n").encode())
            rows += ROWS_AT_ONCE
    return rows


def _resident_ids(start: int, day: object) -> object:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    region = pa.array(110_000 + (np.arange(start, start + ROWS_AT_ONCE) * 7919) % 540_000).cast(pa.string())
    birth = pc.replace_substring(pa.array(day), "-", "")
    tail = pa.array(1000 + np.arange(start, start + ROWS_AT_ONCE) % 9000).cast(pa.string())
    return pc.binary_join_element_wise(region, birth, tail, "")


def _cards(start: int) -> object:
    """Sixteen digits with their Luhn digit, all different."""
    import numpy as np
    import pyarrow as pa

    body = 622_202_000_000_000 + (np.arange(start, start + ROWS_AT_ONCE) * 7_368_787) % 1_000_000_000
    digits = (body[:, None] // 10 ** np.arange(14, -1, -1)) % 10
    doubled = digits[:, ::2] * 2
    total = (doubled - 9 * (doubled > 9)).sum(axis=1) + digits[:, 1::2].sum(axis=1)
    return pa.array(body * 10 + (-total) % 10).cast(pa.string())


def _peak_mb(child: subprocess.Popen[bytes]) -> float:
    """The highest sum of the resident memory of the process and all below it, until it ends."""
    peak = 0.0
    while child.poll() is None:
        peak = max(peak, sum(_resident_mb(pid) for pid in _tree(child.pid)))
        time.sleep(1 / SAMPLES_A_SECOND)
    return peak


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = [int(word) for word in task.read_text().split()]
        except OSError:
            continue
        for one in below:
            yield from _tree(one)


def _resident_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)
