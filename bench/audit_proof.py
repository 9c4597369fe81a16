"""A proof of one entry among ten million, cold: nothing in memory, and the files it needs not in the page cache.

The published part of the log (tiles, bundles, checkpoint) is generated through guard's own publisher, without syncs,
since only the reading is measured. Each proof is made from the folder alone, as an auditor's tool would, and verified.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.result import Result
from guard.audit import Ed25519Signer, entry, keys, proof, reader
from guard.audit.disk import PosixDisk
from guard.audit.publish import Publisher
from guard.audit.tile import HEIGHT, TileNodes, bundle_path, tile_path
from guard.audit.tree import Frontier, inclusion, leaf_hash
from guard.model import Entry, Sensitive

SIZE = 10_000_000
CHUNK = 65_536  # entries published at once
PROOFS = 200
SIGNER = Ed25519Signer("bench.example/log", Sensitive(b"0" * 32))


class QuickDisk(PosixDisk):
    """Files without syncs and renames: the log is thrown away afterwards."""

    def put(self, path: Path, data: bytes) -> None:
        path.write_bytes(data)

    def sync_folder(self, path: Path) -> None:
        del path


def run() -> Result:
    """Prints how the log was made and what the proofs cost."""
    chance = random.Random(11)
    with scratch() as folder:
        started = time.perf_counter()
        generate(folder, SIZE)
        print(f"generated {SIZE:,} entries in {time.perf_counter() - started:.0f} s")
        os.sync()
        cold, sizes = [], []
        for _ in range(PROOFS):
            index = chance.randrange(SIZE)
            forget(folder, index)
            started = time.perf_counter()
            text = proof.text(proof.prove(folder, index))
            cold.append((time.perf_counter() - started) * 1000)
            found, _ = proof.verify(proof.parse(text), SIGNER.public)
            assert found.body["rows"] == index
            sizes.append(len(text.encode()))
        warm = [milliseconds(lambda: proof.prove(folder, SIZE // 3)) for _ in range(50)]
        extension = [milliseconds(lambda: proof.extension(folder, chance.randrange(1, SIZE))) for _ in range(50)]
    cold.sort()
    p99 = cold[int(len(cold) * 0.99)]
    print(f"cold proof       {statistics.median(cold):6.2f} ms p50   {p99:6.2f} ms p99")
    print(f"again            {statistics.median(warm):6.2f} ms p50")
    print(f"consistency      {statistics.median(extension):6.2f} ms p50")
    print(f"bundle           {max(sizes)} bytes")
    return Result(
        figures={
            "cold_ms_10m": p99,
            "bundle_bytes": max(sizes),
            "cold_p50_ms": statistics.median(cold),
            "consistency_p50_ms": statistics.median(extension),
        },
        context={"entries": SIZE, "entry_bytes": len(entry_bytes(SIZE)), "proofs": PROOFS, "cold_ms_10m": "p99"},
    )


def milliseconds(act: object) -> float:
    """How long a call takes."""
    assert callable(act)
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


TEMPLATE = entry.encode(
    Entry(
        v=1,
        kind="decision",
        time="2026-01-31T09:30:00.000000Z",
        actor="s-57e660027e0319cad5a7d23d602ce621",
        body={
            "decision": "d-8b3be57fafc03bb2d02b",
            "fingerprint": "v1:1571b17e2cad0bb762be11f306fb1f76",
            "outcome": "allow",
            "purpose": "fraud_review",
            "rows": 123_456_789,
            "tables": ["crm.people"],
            "who": {"commitment": "L" * 43 + "=", "sealed": "A" * 70 + "=="},
        },
    )
)


def entry_bytes(number: int) -> bytes:
    """The canonical bytes of the entry of this number; integers have one spelling, so a template does."""
    return TEMPLATE.replace(b"123456789", b"%d" % number)


def generate(folder: Path, size: int) -> None:
    """Publishes a log of this size."""
    publisher, frontier = Publisher(folder, QuickDisk()), Frontier()
    assert entry.encode(entry.decode(entry_bytes(7))) == entry_bytes(7)
    for start in range(0, size, CHUNK):
        entries = [entry_bytes(number) for number in range(start, min(start + CHUNK, size))]
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
