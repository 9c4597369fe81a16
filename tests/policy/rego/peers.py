"""The other evaluators, for comparison: regopy in a child process, and the real OPA."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

UNDEFINED_MARK = "\x00undefined"

REGOPY = """
import json, sys, regopy
job = json.load(sys.stdin)
interpreter = regopy.Interpreter()
interpreter.log_level = regopy.LogLevel.NONE
interpreter.strict_built_in_errors = True
for name, text in job["files"].items():
    interpreter.add_module(name, text)
interpreter.add_data_json(json.dumps(job["data"]))
bundle = interpreter.build(None, [job["path"]])
assert bundle.ok()
answers = []
for document in job["inputs"]:
    interpreter.set_input_term(json.dumps(document))
    output = interpreter.query_bundle_entrypoint(bundle, job["path"])
    assert output.ok(), str(output)
    results = json.loads(str(output)) if str(output) not in {"undefined", ""} else {}
    expressions = results.get("expressions", [])
    answers.append(expressions[0] if expressions else job["mark"])
json.dump(answers, sys.stdout)
"""


def regopy_answers(files: dict[str, str], path: str, inputs: list[Any], data: Any) -> list[Any]:
    """What regopy answers; `UNDEFINED_MARK` where it has no answer."""
    job = {"files": files, "path": path, "inputs": inputs, "data": data, "mark": UNDEFINED_MARK}
    done = subprocess.run(
        [sys.executable, "-c", REGOPY], input=json.dumps(job), capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout))


def opa_answers(opa: Path, folder: Path, files: dict[str, str], path: str, inputs: list[Any], data: Any) -> list[Any]:
    """What OPA answers, all inputs in one process; `UNDEFINED_MARK` where it has no answer."""
    for number, text in enumerate(files.values()):
        (folder / f"m{number}.rego").write_text(text, encoding="utf-8")
    (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
    document = f"data.{path.replace('/', '.')}"
    loop = (
        "package guard_peer\n\nanswers[n] := answer if {\n\tsome n, one in input.inputs\n"
        f"\tanswer := [x | x := {document} with input as one]\n}}\n"
    )
    (folder / "loop.rego").write_text(loop, encoding="utf-8")
    (folder / "input.json").write_text(json.dumps({"inputs": inputs}), encoding="utf-8")
    names = [f"m{number}.rego" for number in range(len(files))]
    arguments = [part for name in (*names, "loop.rego", "data.json") for part in ("-d", name)]
    command = [
        opa,
        "eval",
        *arguments,
        "-i",
        "input.json",
        "--strict-builtin-errors",
        "-f",
        "json",
        "data.guard_peer.answers",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)["result"][0]["expressions"][0]["value"]
    return [(found[str(n)] or [UNDEFINED_MARK])[0] for n in range(len(inputs))]
