"""What a policy answers, case by case, and how it answers."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from guard.errors import PolicyError
from guard.policy.rego import UNDEFINED, EvaluationError, Explanation, Limits, Policy, RuleValue
from guard.policy.rego import compile as compile_rego
from tests.policy.rego.cases import load


@pytest.mark.parametrize("case", load("values.yml"), ids=lambda case: case["holds"])
def test_value(case):
    """A small policy gives the value, nothing, or the kind of error that the case names."""
    policy = compile_rego({"a.rego": case["rego"]}, entrypoints=["a/x"])
    arguments = (case.get("input", UNDEFINED), case.get("data"))
    if "error" in case:
        with pytest.raises(EvaluationError) as raised:
            policy.evaluate("data.a.x", *arguments)
        assert raised.value.kind == case["error"]
    elif case.get("undefined"):
        assert policy.evaluate("data.a.x", *arguments) is UNDEFINED
    else:
        value = policy.evaluate("data.a.x", *arguments)
        assert (value, type(value)) == (case["value"], type(case["value"]))


@pytest.mark.parametrize("case", load("load_errors.yml"), ids=lambda case: case["holds"])
def test_load_error(case):
    """A policy that is not right does not load; the error names file and line and has a cure."""
    with pytest.raises(PolicyError) as raised:
        compile_rego({"a.rego": case["rego"]})
    assert (raised.value.message, bool(raised.value.help)) == (case["message"], True)


def test_both_spellings_of_a_path():
    """`data.a.x` and `a/x` are the same entry point; another one is an error that lists those there are."""
    policy = compile_rego({"a.rego": "package a\nx := 1\ny := 2\nf(z) := z"})
    assert (policy.entrypoints, policy.evaluate("data.a.x"), policy.evaluate("a/y")) == (("a/x", "a/y"), 1, 2)
    with pytest.raises(PolicyError, match=r"no entry point `data\.a\.f`"):
        policy.evaluate("data.a.f")


def test_undefined_is_one_thing_alone():
    """`UNDEFINED` has no truth value, is one object, and stays it through pickling."""
    with pytest.raises(TypeError):
        bool(UNDEFINED)
    assert pickle.loads(pickle.dumps(UNDEFINED)) is UNDEFINED
    assert type(UNDEFINED)() is UNDEFINED


def test_failed_builtins_can_be_undefined():
    """With `builtin_errors="undefined"` the engine does as OPA does without strict errors."""
    policy = compile_rego({"a.rego": 'package a\ndefault x := "none"\nx := to_number(input.s)'})
    assert policy.evaluate("a/x", {"s": "q"}, builtin_errors="undefined") == "none"


def test_clock_and_randomness_are_the_callers():
    """Time and randomness are what the caller gives, and the same all through one evaluation."""
    same = 'rand.intn("k", 10) == rand.intn("k", 10), uuid.rfc4122("k") == uuid.rfc4122("k")'
    rego = f"package a\nx := [time.now_ns(), {same}]"
    policy = compile_rego({"a.rego": rego})
    assert policy.evaluate("a/x", now_ns=42, entropy=os.urandom) == [42, True, True]


def test_the_answer_is_the_callers():
    """Changing an answer changes neither the data nor the next answer."""
    policy = compile_rego({"a.rego": "package a\nx := data.list"})
    data = {"list": [{"k": [1]}]}
    policy.evaluate("a/x", data=data)[0]["k"].append(2)
    assert (data, policy.evaluate("a/x", data=data)) == ({"list": [{"k": [1]}]}, [{"k": [1]}])


@pytest.mark.parametrize("alien", [(1, 2), b"x", object(), {1, 2}.__iter__(), float])
def test_only_json_takes_part(alien):
    """A Python value that no JSON parser delivers is an error, never an answer."""
    policy = compile_rego(
        {"a.rego": "package a\nx contains e if some e in input\ny if input == input.z\nz contains input"}
    )
    for path in ("a/x", "a/z"):
        with pytest.raises(EvaluationError, match="not a JSON value"):
            policy.evaluate(path, alien)


def test_explain_shows_every_rule():
    """The trace lists each rule with its value, callees first; the answer is that of `evaluate`."""
    policy = compile_rego(
        {"a.rego": 'package a\nroles contains r if some r in input.roles\nallow if "x" in roles\nz := allow'}
    )
    explained = policy.explain("a/z", {"roles": ["x"]})
    rules = (RuleValue("a.roles", ["x"]), RuleValue("a.allow", value=True), RuleValue("a.z", value=True))
    assert explained == Explanation(value=True, rules=rules)
    assert policy.explain("a/z", {"roles": []}).rules[-1] == RuleValue("a.z", UNDEFINED)


@pytest.mark.parametrize(
    "rego",
    [
        "package a\nx := [1 | some i in input; some j in input; some k in input; i + j + k < 0]",
        "package a\nx := count({[i, j, k] | some i in input; some j in input; some k in input})",
        "package a\nx if { some i in input; some j in input; some k in input; i + j + k == -1 }",
    ],
)
def test_an_endless_comprehension_ends(rego):
    """A loop that would take for ever ends with a limit, as an error."""
    policy = compile_rego({"a.rego": rego}, limits=Limits(steps=100_000))
    with pytest.raises(EvaluationError) as raised:
        policy.evaluate("a/x", list(range(1000)))
    assert raised.value.kind == "eval_limit_error"


def test_an_answer_has_a_size():
    """An answer with more elements than allowed is an error."""
    policy = compile_rego({"a.rego": "package a\nx := [input, input, input]"}, limits=Limits(nodes=1000))
    assert policy.evaluate("a/x", list(range(300)))
    with pytest.raises(EvaluationError, match="larger than it may be"):
        policy.evaluate("a/x", list(range(400)))


def test_deep_input_is_an_error_and_no_crash():
    """Input nested too deeply to compare ends as a limit."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    policy = compile_rego({"a.rego": "package a\nx if input.a == input.b"})
    other: list[object] = []
    for _ in range(100_000):
        other = [other]
    with pytest.raises(EvaluationError) as raised:
        policy.evaluate("a/x", {"a": deep, "b": other})
    assert raised.value.kind == "eval_limit_error"


def test_blocks_deeper_than_python_allows():
    """Forty loops in one another still compile; CPython itself stops at twenty."""
    loops = "\n".join(f"\tsome v{n} in input" for n in range(40))
    policy = compile_rego(
        {"a.rego": f"package a\nx contains v39 if {{\n{loops}\n}}\ny if {{\n{loops}\n\tv0 == v39\n}}"}
    )
    assert (policy.evaluate("a/x", [7]), policy.evaluate("a/y", [7]), policy.evaluate("a/y", [])) == (
        [7],
        True,
        UNDEFINED,
    )


def test_threads_share_a_policy():
    """Eight threads on one policy get the answers that one thread gets."""
    rego = "package a\nx[k] := n if { some k in input.keys; n := count([1 | some j in input.keys; j < k]) }"
    policy = compile_rego({"a.rego": rego})
    inputs = [{"keys": [f"{(n * m) % 17:02d}" for m in range(n % 13)]} for n in range(400)]
    expected = [policy.evaluate("a/x", document) for document in inputs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda document: policy.evaluate("a/x", document), inputs * 4)) == expected * 4


def test_memory_stays_flat():
    """Ten thousand decisions leave nothing behind, with numpy loaded first."""
    program = """
import numpy, tracemalloc
from guard.policy.rego import compile as compile_rego
policy = compile_rego({"a.rego": "package a\\nx[k] := {s | some s in v} if some k, v in input"})
def run(count):
    for n in range(count):
        policy.evaluate("a/x", {str(n % 50): ["a", n, {"b": [n]}]})
tracemalloc.start()
run(2000)
before = tracemalloc.get_traced_memory()[0]
run(10000)
assert tracemalloc.get_traced_memory()[0] - before < 20_000, tracemalloc.get_traced_memory()[0] - before
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_compiler_stays_out_of_this_process():
    """Neither importing the engine nor compiling loads regopy here."""
    program = """
import sys, guard.policy.rego as rego
rego.compile({"a.rego": "package a\\nx := 1"})
assert "regopy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_generated_code_reaches_nothing():
    """The code of a policy has no builtins of Python but a few types."""
    policy = compile_rego({"a.rego": "package a\nx := \"__import__('os')\""})
    scope = policy._strict.plans["a/x"].__globals__["__builtins__"]
    assert set(scope) == {"bool", "dict", "enumerate", "int", "len", "list", "map", "max", "min", "set", "str", "type"}
    assert policy.evaluate("a/x") == "__import__('os')"


def test_a_policy_from_its_own_plan():
    """`Policy.from_plan(policy.ir)` is the same policy."""
    policy = compile_rego({"a.rego": "package a\nx := input.n * 2"})
    assert Policy.from_plan(policy.ir).evaluate("a/x", {"n": 4}) == 8
