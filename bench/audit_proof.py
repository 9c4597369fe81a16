"""A proof of one entry among ten million, cold: nothing in memory, and the files it needs not in the page cache.

The entries are real ones: `audit_proof.sql` is asked of guard's invented city, guard writes its records, and the ten
million are those records in turn, each with a time of its own. The published part of the log
is generated through guard's own publisher, without syncs, since only the reading is measured; of the bundles of entries
only those that a proof reads are written, of the tiles all. Each proof is made from the folder alone, as an auditor's
tool would, and verified.

`bundle_bytes` is the largest bundle of all questions; the table shows each.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.result import Result
from guard.audit import Ed25519Signer, entry, keys, proof, reader
from guard.audit.disk import PosixDisk
from guard.audit.publish import Publisher
from guard.audit.tile import HEIGHT, WIDTH, TileNodes, bundle_path, tile_path
from guard.audit.tree import Frontier, inclusion, leaf_hash
from guard.errors import AccessDeniedError
from guard.model import Sensitive

SIZE = 10_000_000
CHUNK = 65_536  # entries published at once
PROOFS = 200
SIGNER = Ed25519Signer("bench.example/log", Sensitive(b"0" * 32))
QUESTIONS = Path(__file__).with_suffix(".sql")


class QuickDisk(PosixDisk):
    """Files without syncs and renames: the log is thrown away afterwards."""

    def __init__(self, folder: Path, wanted: frozenset[str]) -> None:
        self._folder = folder
        self._wanted = wanted  # bundles of entries that a proof will read

    def put(self, path: Path, data: bytes) -> None:
        name = path.relative_to(self._folder).as_posix()
        if not name.startswith("tile/entries/") or name in self._wanted:
            path.write_bytes(data)

    def sync_folder(self, path: Path) -> None:
        del path


def run() -> Result:
    """Prints what each record costs in a proof, how the log was made, and how long proofs take."""
    chance = random.Random(11)
    with scratch() as folder:
        records = real_records(folder / "city")
        indexes = [chance.randrange(SIZE) for _ in range(PROOFS - 1)]
        indexes.append(SIZE - 1)  # in the partial tiles
        wanted = frozenset(
            name
            for index in (*indexes, SIZE // 3)
            for name in (bundle_path(index // WIDTH), bundle_path(index // WIDTH, SIZE % WIDTH))
        )
        started = time.perf_counter()
        log = folder / "log"
        generate(log, SIZE, records, wanted)
        print(f"generated {SIZE:,} entries in {time.perf_counter() - started:.0f} s")
        os.sync()
        cold: list[float] = []
        sizes: dict[int, int] = {}
        for index in indexes:
            forget(log, index)
            started = time.perf_counter()
            text = proof.text(proof.prove(log, index))
            cold.append((time.perf_counter() - started) * 1000)
            found = proof.parse(text)
            proof.verify(found, SIGNER.public)
            assert found.entry == entry_bytes(records, index)
            sizes[index % len(records)] = max(len(text.encode()), sizes.get(index % len(records), 0))
        warm = [milliseconds(lambda: proof.prove(log, SIZE // 3)) for _ in range(50)]
        extension = [milliseconds(lambda: proof.extension(log, chance.randrange(1, SIZE))) for _ in range(50)]
    cold.sort()
    p99 = cold[int(len(cold) * 0.99)]
    for at, record in enumerate(records):
        logged = entry.decode(record)
        said = str(logged.body.get("sql", "")).replace("\n", " ")
        print(f"{logged.kind:9} entry {len(record):5} bytes   bundle {sizes[at]:5} bytes   {said[:60]}")
    median, largest = statistics.median(sizes.values()), max(sizes.values())
    within = sum(size <= 2048 for size in sizes.values())
    print(f"cold proof       {statistics.median(cold):6.2f} ms p50   {p99:6.2f} ms p99")
    print(f"again            {statistics.median(warm):6.2f} ms p50")
    print(f"consistency      {statistics.median(extension):6.2f} ms p50")
    print(
        f"bundle           {median:.0f} bytes p50   {largest} bytes the largest   {within} of {len(sizes)} within 2,048"
    )
    return Result(
        figures={
            "cold_ms_10m": p99,
            "bundle_bytes": largest,
            "bundle_p50_bytes": median,
            "cold_p50_ms": statistics.median(cold),
            "consistency_p50_ms": statistics.median(extension),
        },
        context={
            "entries": SIZE,
            "entry_bytes": round(statistics.median(map(len, records))),
            "records": len(records),
            "records_within_2048": within,
            "proofs": PROOFS,
            "cold_ms_10m": "p99",
            "bundle_bytes": "the largest of the records",
        },
    )


def real_records(folder: Path) -> list[bytes]:
    """What guard writes into its log when it is asked the questions: a scan's two entries, then one for each."""
    import guard
    from guard.demo import data

    folder.mkdir()
    data.write(folder / "city.duckdb")
    source = "duckdb:///city.duckdb"  # as a project writes it; the scratch folder's path is nobody's
    with guard.open(folder=folder, operator="bench") as g:
        g.scan(source)
        for role, purpose, sql in questions():
            subject = guard.Subject(id=f"{role}-7", roles=(role,), attributes={"districts": ("浦东新区",)})
            try:
                g.query(sql, subject=subject, purpose=purpose, source=source)
            except AccessDeniedError as error:
                print(f"denied, and recorded: {error.message[:80]}")
        g.audit.checkpoint()
        return [entry.encode(found) for _, found in g.audit.entries()]


def questions() -> Iterator[tuple[str, str, str]]:
    """Role, purpose and SQL."""
    for part in re.split("^-- ", QUESTIONS.read_text(encoding="utf-8"), flags=re.MULTILINE)[2:]:
        head, _, rest = part.partition("\n")
        role, purpose = head.split()
        for sql in filter(None, map(str.strip, rest.split(";"))):
            yield role, purpose, sql


def milliseconds(act: Callable[[], object]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def entry_bytes(records: Sequence[bytes], number: int) -> bytes:
    """The entry of this number: one of the records, in the same length with a fraction of a second of its own."""
    record = records[number % len(records)]
    at = record.rindex(b'"time":"') + 28
    return b"%b%06d%b" % (record[:at], number % 1_000_000, record[at + 6 :])


def generate(folder: Path, size: int, records: Sequence[bytes], wanted: frozenset[str]) -> None:
    """Publishes a log of this size."""
    publisher, frontier = Publisher(folder, QuickDisk(folder, wanted)), Frontier()
    for number in range(len(records)):
        data = entry_bytes(records, number)
        assert entry.encode(entry.decode(data)) == data
    for start in range(0, size, CHUNK):
        entries = [entry_bytes(records, number) for number in range(start, min(start + CHUNK, size))]
        leaves = [leaf_hash(data) for data in entries]
        frontier, roots = frontier.grow(leaves, HEIGHT)
        publisher.add(entries, leaves, roots)
        publisher.publish(keys.sign(SIGNER, frontier.size, frontier.root))


def forget(folder: Path, index: int) -> None:
    """Drops from the page cache every file that the proof of this entry reads."""
    names = [reader.CHECKPOINT, bundle_path(index // 256)]
    seen: set[tuple[int, int]] = set()

    def note(level: int, number: int, width: int) -> bytes:
        seen.add((level, number))
        return reader.tile_bytes(folder, level, number, width)

    inclusion(index, SIZE, TileNodes(SIZE, note))
    for level, number in seen:
        names += [tile_path(level, number)]
        names += [str(path.relative_to(folder)) for path in folder.glob(f"{tile_path(level, number)}.p/*")]
    for name in names:
        path = folder / name
        if path.is_file():
            fd = os.open(path, os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the disk of this checkout, since a temporary folder may be memory."""
    folder = Path(tempfile.mkdtemp(prefix=".bench-proof-", dir=Path(__file__).parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
