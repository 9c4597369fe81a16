"""SIGKILL at random moments: a writer process is killed again and again, and nobody who was answered is betrayed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from guard.audit import reader, verify
from tests.audit.logs import SIGNER

KILLS = 30
ROOT = Path(__file__).parents[2]

WRITER = """
    import os, sys, threading
    from pathlib import Path
    from guard.audit import AuditLog, segment
    from tests.audit.logs import SIGNER, entry

    segment.SEGMENT_SIZE = 20_000

    def caller(first):
        number = first
        while True:
            index = log.append(entry(number))
            os.write(1, f"{number} {index}\\n".encode())  # told the world: one write, so no line is torn
            number += 1

    log = AuditLog.open(Path(sys.argv[1]), SIGNER)
    for at in range(4):
        threading.Thread(target=caller, args=(int(sys.argv[2]) * 10_000_000 + at * 1_000_000,)).start()
"""


def test_no_acknowledged_entry_is_lost(tmp_path):
    """Thirty kills: each acknowledged entry is in the log at the index that was told, and the log verifies."""
    chance = random.Random(4)
    told: dict[int, int] = {}
    for round_ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path / "log"), str(round_)],
            stdout=subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(chance.uniform(0, 0.08))
        process.send_signal(signal.SIGKILL)
        lines = [first, *process.stdout.readlines()]
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
        told |= {int(index): int(number) for number, index in (line.split() for line in lines if line.endswith(b"\n"))}
        report = verify(tmp_path / "log", SIGNER.public).require()
        assert report.size > max(told)
    logged = {index: each.body["number"] for index, each in reader.entries(tmp_path / "log")}
    assert {index: logged[index] for index in told} == told
    assert len(told) >= KILLS  # each was answered once before it was killed; how often more is up to the machine
