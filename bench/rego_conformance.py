"""OPA's own conformance cases on the embedded engine: modules, query, input, data, expected result or error.

The cases are beside the checkout (`../shared/data/rego/cases.jsonl`, from open-policy-agent/swift-opa). `pass_overall`
counts all of them; `pass_without_network` leaves out the groups whose builtins need a network or a cloud, which the
engine refuses on purpose, and GraphQL.
"""

from __future__ import annotations

import ast
import json
import multiprocessing
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.result import Result
from guard.errors import PolicyError
from guard.policy.rego import UNDEFINED, EvaluationError, Policy, metadata, whole
from guard.policy.rego.respell import respell
from guard.policy.rego.syntax import outline
from guard.policy.rego.values import equal, make_set, sort_values

CASES = Path(__file__).resolve().parents[2] / "shared" / "data" / "rego" / "cases.jsonl"
QUERY_MODULE = "package guard_conformance\n\nanswer contains [%s] if {\n\t%s\n}\n"
NETWORK = re.compile(r"graphql\.|providers\.aws|net\.lookup_ip_addr|http\.send")
NOW_NS = 1_748_736_000_000_000_000  # June 2025: the certificates of the cases are valid
_DOCUMENT = re.compile(r"data((?:\.[A-Za-z_][A-Za-z0-9_]*)*) = x")


@dataclass(frozen=True)
class Case:
    """One case: the modules as they are compiled, the entry point, and what must come out."""

    note: str
    modules: Mapping[str, str]
    entrypoint: str
    names: tuple[str, ...]  # the query's variables, when it became a rule of its own
    raw: Mapping[str, Any]

    @property
    def group(self) -> str:
        """The builtin or the part of the language that the case is about."""
        return self.note.split("/")[0]

    @property
    def needs_network(self) -> bool:
        """True for what the engine refuses on purpose, and for GraphQL."""
        return any(NETWORK.search(text) for text in self.modules.values())


def cases() -> Iterator[Case]:
    """All cases of the file."""
    with CASES.open(encoding="utf-8") as file:
        for line in file:
            raw = json.loads(line)
            # `test.sleep` is a builtin of OPA's own test driver; waiting changes no result
            texts = [text.replace('test.sleep("10ms")', "true") for text in raw["modules"]]
            modules = {f"m{n}.rego": text for n, text in enumerate(texts)}
            match = _DOCUMENT.fullmatch(raw["query"])
            if match:
                yield Case(raw["note"], modules, match[1][1:].replace(".", "/") or whole.NAME, (), raw)
                continue
            names = sorted({name for binding in raw.get("want_result") or [] for name in binding})
            modules["query.rego"] = QUERY_MODULE % (", ".join(names or ["true"]), raw["query"])
            yield Case(raw["note"], modules, "guard_conformance/answer", tuple(names), raw)


def build_plan(modules: dict[str, str], entrypoints: list[str]) -> dict[str, Any]:
    """Compiles in the worker process; regopy stays out of ours."""
    from guard.policy.rego.compiler import build

    return build(modules, entrypoints)


def input_of(raw: Mapping[str, Any]) -> Any:
    """The input of a case: a JSON value, or a Rego term, which may hold sets."""
    if "input_term" in raw:
        return _term(ast.parse(raw["input_term"].strip(), mode="eval").body)
    return raw.get("input", UNDEFINED)


def _term(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name):
            return {"true": True, "false": False, "null": None}[name]
        case ast.List(items):
            return [_term(item) for item in items]
        case ast.Set(items):
            return make_set([_term(item) for item in items])
        case ast.Dict(keys, values):
            return {_term(key): _term(value) for key, value in zip(keys, values, strict=True) if key is not None}
        case _:
            raise ValueError("a term of the cases is not understood")


def failure(case: Case, policy: Policy) -> str:
    """Why the case fails; empty when it passes."""
    raw = case.raw
    wants_error = "want_error" in raw or "want_error_code" in raw or raw.get("want_plan_result") is None
    try:
        found = policy.evaluate(
            case.entrypoint,
            input_of(raw),
            raw.get("data") or {},
            now_ns=NOW_NS,
            entropy=lambda count: bytes(range(count)),
            builtin_errors="raise" if raw.get("strict_error") else "undefined",
        )
    except EvaluationError as error:
        if not wants_error:
            return f"unexpected error: {error}"
        wanted = raw.get("want_error_code")
        return "" if wanted in {None, error.kind} else f"error of kind {error.kind} instead of {wanted}: {error}"
    if wants_error:
        return f"no error, but {raw.get('want_error', 'one')!r} was expected"
    wanted_value = raw["want_plan_result"]
    if case.entrypoint == "guard_conformance/answer":
        answers = [] if found is UNDEFINED else [dict(zip(case.names, row, strict=False)) for row in found]
    else:
        answers = [] if found is UNDEFINED else [{"x": found}]
    if raw.get("sort_bindings"):
        answers, wanted_value = _sorted(answers), _sorted(wanted_value)
    return "" if equal(answers, wanted_value) else f"got {str(answers)[:300]} instead of {str(wanted_value)[:300]}"


def _sorted(bindings: list[Any]) -> list[Any]:
    return [{k: sort_values(v) if isinstance(v, list) else v for k, v in binding.items()} for binding in bindings]


def verdicts() -> Iterator[tuple[Case, str]]:
    """Every case with why it fails; empty when it passes."""
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    try:
        for case in cases():
            try:
                outlines = {name: outline(name, text) for name, text in case.modules.items()}
                everything = case.entrypoint == whole.NAME
                points = whole.rules_of(outlines) if everything else [case.entrypoint]
                answer = pool.submit(build_plan, respell(case.modules, outlines), points).result()
                if "ir" not in answer:
                    yield case, f"does not compile: {answer['error']['message']}"
                    continue
                notes = metadata.answers(case.modules, outlines)
                policy = Policy.from_plan({**answer["ir"], metadata.KEY: notes, whole.KEY: everything})
            except BrokenProcessPool:
                pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
                yield case, "the compiler crashed"
            except PolicyError as error:
                yield case, f"does not load: {error}"
            else:
                yield case, failure(case, policy)
    finally:
        pool.shutdown()


def run() -> Result:
    """Runs all cases; prints each failure and the failures by group."""
    if not CASES.exists():
        print(f"no cases at {CASES}")
        return Result({}, {"cases": 0, "note": "the conformance cases are not beside this checkout"})
    total: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    kept = kept_failed = 0
    for case, why in verdicts():
        total[case.group] += 1
        kept += not case.needs_network
        kept_failed += bool(why) and not case.needs_network
        if why:
            failed[case.group] += 1
            print(f"FAIL {case.note}: {why}")
    print(
        "failures by group:", ", ".join(f"{group} {count} of {total[group]}" for group, count in failed.most_common())
    )
    figures = {
        "pass_overall": round(1 - failed.total() / total.total(), 4),
        "pass_without_network": round(1 - kept_failed / kept, 4),
    }
    return Result(figures, {"cases": total.total(), "without_network": kept, "failed_by_group": dict(failed)})
