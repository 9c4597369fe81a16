"""The trial of a pack in a process of its own: it compiles, and its own tests pass, before it may decide.

`python -m guard.policy.trial` reads a pack as JSON on stdin and answers `{"problem": "", "help": ""}` on stdout. Being
another process, it takes nothing from the threads that decide meanwhile.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from guard.errors import PolicyError
from guard.policy.pack import Pack

TRIAL_SECONDS = 300.0
NICENESS = 10
MAX_NAMED = 5  # tests that a message names


def check(pack: Pack, *, cache: Path | None = None) -> None:
    """Tries the pack in a child process; the compiled pack is in `cache` afterwards.

    Raises:
        PolicyError: it does not compile, or a test of it does not pass.
    """
    job = {
        "path": pack.path,
        "modules": {**pack.files, **pack.tests},
        "data": pack.data,
        "cache": str(cache) if cache else "",
    }
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    environment = {**kept, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PYTHONUTF8": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "guard.policy.trial"],
            input=json.dumps(job).encode(),
            capture_output=True,
            timeout=TRIAL_SECONDS,
            check=False,
            env=environment,
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise PolicyError(
            f"the trial of the pack took longer than {TRIAL_SECONDS:.0f} s", help="split its tests"
        ) from None
    except ValueError:
        raise PolicyError(
            f"the trial of the pack ended without an answer (status {done.returncode})",
            help="run `guard rules test` on it",
        ) from None
    if answer["problem"]:
        raise PolicyError(answer["problem"], help=answer["help"])


def run(job: dict[str, Any]) -> None:
    """Compiles the pack and runs its tests.

    Raises:
        PolicyError: either does not work.
    """
    from guard.policy.rules_test import run_tests

    pack = Pack.of(job["path"], job["modules"], job["data"])
    cache = Path(job["cache"]) if job["cache"] else None
    pack.compile(cache=cache)
    failed = [one for one in run_tests(pack, cache=cache) if one.outcome != "pass"]
    if failed:
        named = ", ".join(f"`{one.file}`:{one.line}" for one in failed[:MAX_NAMED])
        raise PolicyError(f"{len(failed)} tests of the pack fail: {named}", help="run `guard rules test` on it")


def main() -> int:
    """Answers the one job on stdin."""
    os.nice(NICENESS)
    problem = {"problem": "", "help": ""}
    try:
        run(json.load(sys.stdin))
    except PolicyError as error:
        problem = {"problem": error.message, "help": error.help}
    json.dump(problem, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
