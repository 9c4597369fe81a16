"""What `import guard` costs a program: milliseconds, and megabytes resident afterwards, in fresh processes."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from bench.result import Result

RUNS = 15
PROBE = """
import json, time
begun = time.perf_counter()
import guard
took = time.perf_counter() - begun
pages = {line.split(":")[0]: line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")}
print(json.dumps([took * 1000, int(pages["VmRSS"]) / 1024]))
"""


def run() -> Result:
    """Medians over fresh interpreters; the first, which fills the file cache, is left out."""
    runs = [
        json.loads(subprocess.run([sys.executable, "-c", PROBE], capture_output=True, check=True).stdout)
        for _ in range(RUNS + 1)
    ][1:]
    return Result(
        {
            "import_ms": round(statistics.median(took for took, _ in runs), 1),
            "rss_mb": round(statistics.median(size for _, size in runs), 1),
        },
        {"runs": RUNS},
    )
