"""The child process that turns Rego into OPA's IR: a job as JSON on stdin, the answer as JSON on stdout.

Only this module imports regopy, and only as `python -m guard.policy.rego.compiler`: the library crashes on some
inputs and replaces the allocator of the process it is loaded into. Job: `{"files": {name: text}, "entrypoints":
[...]}`. Answer: `{"ir": {...}}` or `{"error": {"file", "message"}}`; the lines of errors go to stderr.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

MEMORY_BYTES: Final = 2 << 30
CPU_SECONDS: Final = 60
TOO_MUCH_MEMORY: Final = 77  # exit status


def main() -> int:
    """Answers the one job on stdin."""
    with contextlib.suppress(ValueError, OSError):  # a lower limit may be set already
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_watch_memory, daemon=True).start()
    job = json.load(sys.stdin)
    answer = os.dup(1)
    os.dup2(2, 1)  # the library prints its errors, with the only line numbers there are, and not all to stderr
    with os.fdopen(answer, "w", encoding="utf-8") as file:
        json.dump(build(job["files"], job["entrypoints"]), file)
    return 0


def _watch_memory() -> None:
    """Ends the process when it holds too much memory.

    RLIMIT_AS and RLIMIT_DATA cannot do it: the library's allocator reserves 256 GiB of addresses when it is loaded.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    while resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit < MEMORY_BYTES:
        time.sleep(0.02)
    os._exit(TOO_MUCH_MEMORY)


def build(files: dict[str, str], entrypoints: list[str]) -> dict[str, Any]:
    """Compiles the modules for the entry points."""
    import regopy

    interpreter = regopy.Interpreter()
    interpreter.strict_built_in_errors = True
    for name, text in files.items():
        try:
            interpreter.add_module(name, text)
        except (regopy.RegoError, json.JSONDecodeError, UnicodeError):
            return _failed(name, "the module does not parse")
    try:
        bundle = interpreter.build(None, entrypoints)
        if not bundle.ok():
            return _failed("", "the modules do not compile together")
        with tempfile.TemporaryDirectory() as folder:
            interpreter.save_bundle(folder, bundle)
            plan = json.loads((Path(folder) / "plan.json").read_text(encoding="utf-8"))
    except (regopy.RegoError, json.JSONDecodeError, UnicodeError, OSError):
        return _failed("", "the modules do not compile together")
    return {"ir": normalise(plan)}


def normalise(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan as OPA itself writes it: strings unescaped, rows counted from 1."""
    for item in plan["static"]["strings"]:
        item["value"] = unescape(item["value"])
    _count_rows_from_one(plan)
    return plan


def unescape(text: str) -> str:
    """The string a constant stands for.

    The library keeps constants as JSON text, with or without the quotes around. Within JSON text a quote is always
    escaped, so an unescaped one at the start can only be the opening quote.
    """
    quoted = text if len(text) >= 2 and text[0] == '"' and text[-1] == '"' else f'"{text}"'
    found = json.loads(quoted, strict=False)
    if not isinstance(found, str):
        raise TypeError("a string constant is not a string")
    return found


def _count_rows_from_one(node: Any) -> None:
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if isinstance(item.get("row"), int):
                item["row"] += 1
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def _failed(name: str, message: str) -> dict[str, Any]:
    return {"error": {"file": name, "message": message}}


if __name__ == "__main__":
    sys.exit(main())
