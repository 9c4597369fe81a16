"""The embedded engine, regopy and a real OPA server on 100,000 generated questions for the default pack.

The embedded engine answers in this process, regopy in children (which forget, for it leaks), OPA as
`opa run --server` on loopback. Each answer is compared with the embedded one: OPA's as it is, regopy's without the
order of sets, which it does not keep. A peer that is not on this machine stands as null in the context.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.decide import find_opa, write_pack
from bench.result import Result
from guard.policy.entry import ENTRY_POINT
from guard.policy.pack import Pack
from guard.policy.rego import UNDEFINED

QUESTIONS = 100_000
BATCH = 10_000


def canonical(value: Any) -> str:
    """A text that is the same for equal JSON, whatever the order of arrays."""
    return json.dumps(_sorted(value), sort_keys=True)


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return sorted((_sorted(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return {key: _sorted(item) for key, item in value.items()} if isinstance(value, dict) else value


def opa_differences(pack: Pack, inputs: list[Any], ours: list[Any]) -> int | None:
    """How many answers of an OPA server differ; None where there is no OPA."""
    from tests.servers.opa import OpaProcess

    binary = find_opa()
    if binary is None:
        return None
    with tempfile.TemporaryDirectory(prefix="guard-bench-") as name:
        folder = Path(name) / "pack"
        folder.mkdir()
        write_pack(pack, folder)
        server = OpaProcess(Path(binary), Path(name), arguments=(str(folder),))
        server.start()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            wrong = 0
            for document, mine in zip(inputs, ours, strict=True):
                connection.request("POST", f"/v1/data/{ENTRY_POINT}", json.dumps({"input": document}))
                answer = json.loads(connection.getresponse().read())
                wrong += answer.get("result", UNDEFINED) != mine
            connection.close()
            return wrong
        finally:
            server.kill()


def regopy_differences(pack: Pack, inputs: list[Any], ours: list[Any]) -> int:
    """How many answers of regopy differ."""
    from tests.policy.rego.peers import regopy_answers

    wrong = 0
    for start in range(0, len(inputs), BATCH):
        part = inputs[start : start + BATCH]
        answers = regopy_answers(dict(pack.modules), ENTRY_POINT, part, pack.data)
        mine = ours[start : start + BATCH]
        wrong += sum(canonical(a) != canonical(b) for a, b in zip(answers, mine, strict=True))
    return wrong


def run(count: int = QUESTIONS) -> Result:
    """Asks all of them everything."""
    from tests.policy.rego.questions import questions

    pack, inputs = questions(count, seed=20_250)
    policy = pack.compile()
    seconds = {}
    begun = time.perf_counter()
    ours = [policy.evaluate(ENTRY_POINT, document, pack.data) for document in inputs]
    seconds["embedded"] = round(time.perf_counter() - begun, 1)
    begun = time.perf_counter()
    opa = opa_differences(pack, inputs, ours)
    seconds["opa server"] = round(time.perf_counter() - begun, 1)
    begun = time.perf_counter()
    regopy = regopy_differences(pack, inputs, ours)
    seconds["regopy"] = round(time.perf_counter() - begun, 1)
    print(f"{count} questions: OPA differs in {opa}, regopy in {regopy}; seconds {seconds}")
    distinct = len({canonical(answer) for answer in ours})
    figures: dict[str, float] = {"questions": count, "regopy_differences": regopy}
    if opa is not None:
        figures["opa_differences"] = opa
    return Result(figures, {"distinct_answers": distinct, "seconds": seconds, "opa": opa is not None})
