"""One decision of the default rule pack, by the number of label sets in the query; the peers run in the same run.

* embedded: `Policy.evaluate`, the input as a Python value, the verdict as fresh JSON.
* regopy: the same modules as a bundle in a child process, input conversion included.
* opa: `opa bench`, OPA's own evaluator in process, input parsed beforehand.
* opa server: `opa run --server` on loopback, one kept connection, `POST /v1/data`.

Peers whose program is missing stand as null in the context, and their ratio is left out.
"""

from __future__ import annotations

import functools
import http.client
import json
import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from bench.result import Result
from guard.policy.entry import ENTRY_POINT
from guard.policy.pack import Pack

PACK = Path(__file__).resolve().parents[1] / "rules"
SIZES = (10, 40, 200)
KINDS = (
    ("cn.resident_id", "identity", 3),
    ("cn.mobile", "contact", 3),
    ("finance.balance", "finance", 3),
    ("intl.email", "contact", 2),
    ("person.name_zh", "identity", 3),
    ("cn.plate", "asset", 2),
    ("person.sex", "demographic", 2),
)
START_SECONDS = 20.0


def question(label_sets: int) -> dict[str, Any]:
    """An allowed query over so many label sets, as policy input version 1 describes it."""
    return {
        "v": 1,
        "subject": {"id": "analyst-7", "roles": ["analyst", "clerk"], "attributes": {"districts": ["Xuhui", "Pudong"]}},
        "action": "select",
        "purpose": "fraud_review",
        "context": {"source": "postgresql://crm", "time": "2025-06-01T08:00:00Z"},
        "tables": [{"name": "public.residents"}, {"name": "public.visits"}],
        "label_sets": [_label_set(number) for number in range(label_sets)],
    }


def _label_set(number: int) -> dict[str, Any]:
    kind, category, level = KINDS[number % len(KINDS)]
    label = {"kind": kind, "category": category, "level": level, "state": "raw"}
    uses = ["output", "filter"] if number % 5 == 0 else ["output"]
    return {"id": str(number), "classified": True, "labels": [label], "uses": uses}


def milliseconds(decide: Callable[[], object], calls: int) -> list[float]:
    """Wall-clock milliseconds of each call, sorted; some calls before them are not counted."""
    for _ in range(calls // 10 + 1):
        decide()
    found = []
    for _ in range(calls):
        start = time.perf_counter_ns()
        decide()
        found.append((time.perf_counter_ns() - start) / 1e6)
    return sorted(found)


def regopy_milliseconds(modules: dict[str, str], data: str, inputs: dict[int, Any]) -> dict[int, float]:
    """Runs in a child: the median of regopy's bundle, from a Python input to an answer."""
    import regopy

    interpreter = regopy.Interpreter()
    interpreter.log_level = regopy.LogLevel.NONE
    interpreter.strict_built_in_errors = True
    for name, text in modules.items():
        interpreter.add_module(name, text)
    interpreter.add_data_json(data)
    bundle = interpreter.build(None, [ENTRY_POINT])
    if not bundle.ok():
        raise RuntimeError("regopy did not build the pack")
    found = {}
    for size, document in inputs.items():

        def decide(document: Any = document) -> object:
            interpreter.set_input(document)
            return interpreter.query_bundle_entrypoint(bundle, ENTRY_POINT)

        found[size] = statistics.median(milliseconds(decide, 200 if size < 100 else 40))
    return found


def regopy_in_child(pack: Pack) -> dict[int, float] | None:
    """regopy's medians, or None when it did not run."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        inputs = {size: question(size) for size in SIZES}
        try:
            return pool.submit(regopy_milliseconds, dict(pack.modules), json.dumps(pack.data), inputs).result()
        except (BrokenProcessPool, RuntimeError) as error:
            print(f"regopy: {error}")
            return None


def find_opa() -> str | None:
    """The `opa` program: `GUARD_OPA`, then PATH, then guard's cache folder."""
    cached = Path.home() / ".cache" / "guard" / "opa" / "opa"
    return os.environ.get("GUARD_OPA") or shutil.which("opa") or (str(cached) if cached.is_file() else None)


def write_pack(pack: Pack, folder: Path) -> None:
    """The pack as files that `opa` loads."""
    for number, text in enumerate(pack.modules.values()):
        (folder / f"m{number}.rego").write_text(text, encoding="utf-8")
    (folder / "data.json").write_text(json.dumps(pack.data), encoding="utf-8")


def opa_in_process(opa: str, folder: Path) -> dict[int, float]:
    """Median milliseconds of `opa bench` for each size."""
    found = {}
    for size in SIZES:
        document = folder.parent / f"input{size}.json"
        document.write_text(json.dumps(question(size)), encoding="utf-8")
        command = [
            opa,
            "bench",
            "--data",
            str(folder),
            "--input",
            str(document),
            "--format",
            "json",
            "data.guard.decision",
        ]
        answer = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=120).stdout)
        found[size] = answer["Extra"]["histogram_timer_rego_query_eval_ns_median"] / 1e6
    return found


def opa_server(opa: str, folder: Path) -> dict[int, float]:
    """Median milliseconds of a request on a kept connection, for each size."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        opa,
        "run",
        "--server",
        "--addr",
        f"127.0.0.1:{port}",
        "--log-level",
        "error",
        "--skip-version-check",
        str(folder),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        connection = _connected(port)
        return {size: statistics.median(milliseconds(_request(connection, size), 200)) for size in SIZES}
    finally:
        process.terminate()
        process.wait(10)


def _connected(port: int) -> http.client.HTTPConnection:
    deadline = time.monotonic() + START_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.connect()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            if connection.sock is not None:
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection


def _request(connection: http.client.HTTPConnection, size: int) -> Callable[[], object]:
    document = question(size)

    def decide() -> object:
        connection.request(
            "POST", "/v1/data/guard/decision", json.dumps({"input": document}), {"Content-Type": "application/json"}
        )
        answer = json.loads(connection.getresponse().read())
        return answer["result"]

    return decide


def run() -> Result:
    """Measures the embedded engine and, where they are, its peers."""
    pack = Pack.load(PACK)
    policy = pack.compile()
    embedded = {}
    for size in SIZES:
        decide = functools.partial(policy.evaluate, ENTRY_POINT, question(size), pack.data)
        embedded[size] = milliseconds(decide, 4000 if size < 100 else 800)
    figures = {f"p50_ms_{size}": round(statistics.median(times), 4) for size, times in embedded.items()}
    figures["p99_ms_40"] = round(embedded[40][int(len(embedded[40]) * 0.99)], 4)
    regopy = regopy_in_child(pack)
    opa = find_opa()
    in_process = served = None
    if opa is not None:
        with tempfile.TemporaryDirectory(prefix="guard-bench-") as temporary:
            folder = Path(temporary) / "pack"
            folder.mkdir()
            write_pack(pack, folder)
            in_process, served = opa_in_process(opa, folder), opa_server(opa, folder)
    print("p50 ms      " + "".join(f"{size:>10}" for size in SIZES))
    rows = {
        "embedded": {size: figures[f"p50_ms_{size}"] for size in SIZES},
        "regopy": regopy,
        "opa bench": in_process,
        "opa server": served,
    }
    for name, row in rows.items():
        print(f"{name:<12}" + ("".join(f"{row[size]:>10.3f}" for size in SIZES) if row else "   not on this machine"))
    if regopy:
        figures["ratio_vs_regopy_40"] = round(regopy[40] / figures["p50_ms_40"], 1)
    if in_process:
        figures["ratio_vs_opa_40"] = round(in_process[40] / figures["p50_ms_40"], 1)
    peers = {"regopy_ms": regopy, "opa_in_process_ms": in_process, "opa_server_ms": served}
    return Result(figures, {"policy": "default pack", "revision": pack.revision, **peers})
