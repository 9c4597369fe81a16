"""Runs the compiler in a child process, with a time limit, and reads its answer."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from guard.errors import PolicyError

COMPILE_SECONDS: Final = 60.0
TOO_MUCH_MEMORY: Final = 77  # the child's exit status; see `compiler`

_PRINTED = re.compile(r"^(?P<message>[^\n]+)\n-- (?P<file>[^\n]+):(?P<row>\d+):\d+$", re.MULTILINE)
_ABORTED = re.compile(r"what\(\):(?P<cause>[^\n]{1,200})")


def compile_in_child(files: Mapping[str, str], entrypoints: Sequence[str]) -> dict[str, Any]:
    """OPA's IR for the modules.

    Raises:
        PolicyError: the modules do not compile, or the compiler crashed or ran out of time.
    """
    # The library keeps the last part of a path only, and a pack has many files of one name: numbers stand for them.
    names = {f"{number:05}.rego": name for number, name in enumerate(files)}
    job = json.dumps({"files": dict(zip(names, files.values(), strict=True)), "entrypoints": list(entrypoints)})
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-s", "-m", "guard.policy.rego.compiler"],
            input=job.encode(),
            capture_output=True,
            timeout=COMPILE_SECONDS,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired as error:
        raise PolicyError(
            f"the policy did not compile within {COMPILE_SECONDS:.0f} s",
            help="split the policy, or move tables to data",
        ) from error
    complaints = done.stderr.decode("utf-8", "replace")
    if done.returncode != 0:
        raise _crash(done.returncode, complaints)
    answer = json.loads(done.stdout)
    if "ir" not in answer:
        raise _error(answer["error"], complaints, names)
    found: dict[str, Any] = answer["ir"]
    for item in found["static"]["files"]:
        item["value"] = names.get(item["value"], item["value"])
    return found


def _environment() -> dict[str, str]:
    """Nothing of ours but where guard and the dynamic libraries are found: policies cannot read the environment."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(Path(__file__).resolve().parents[3]), "PYTHONUTF8": "1"}


def _error(error: Mapping[str, str], complaints: str, names: Mapping[str, str]) -> PolicyError:
    """The first error that the compiler printed, or what the child could say without it."""
    printed = _PRINTED.search(complaints)
    file = printed["file"] if printed else error["file"]
    place = f"{names.get(file, file)}:{printed['row']}" if printed else names.get(file, file)
    message = printed["message"].strip() if printed else error["message"]
    text = message[:1].lower() + message[1:]
    return PolicyError(
        f"{place}: {text}" if place else text, help="correct the rule; `opa check` names the place more exactly"
    )


def _crash(status: int, complaints: str) -> PolicyError:
    """The compiler ended without an answer."""
    if status == TOO_MUCH_MEMORY:
        return PolicyError(
            "the compiler needs too much memory for the policy", help="split the policy, or move tables to data"
        )
    cause = _ABORTED.search(complaints)
    said = f": {cause['cause'].strip()}" if cause else ""
    return PolicyError(
        f"the compiler crashed on the policy (status {status}){said}",
        help="bisect the newest change to the rules; `with` over a rule that calls functions is a known cause",
    )
