"""The embedded engine, regopy and the real OPA give the same answers; a fault in one of them would be seen."""

from __future__ import annotations

import copy
import json
import subprocess

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from guard.policy.entry import ENTRY_POINT
from guard.policy.rego import UNDEFINED, Policy
from guard.policy.rego import compile as compile_rego
from guard.policy.rego.values import equal, sort_values
from tests.policy.rego.cases import expressions
from tests.policy.rego.peers import UNDEFINED_MARK, opa_answers, regopy_answers
from tests.policy.rego.questions import questions

LOOSE = """package t

default verdict := "none"

verdict := "low" if {
	input.level <= 2
	not blocked
}

verdict := "high" if {
	input.level > 2
	count(hits) > 0
}

blocked if {
	some tag in input.tags
	tag in data.blocked
}

hits contains [tag, n] if {
	some n, tag in input.tags
	startswith(tag, "a")
}

sizes[name] := size if {
	some name in object.keys(object.get(input, "more", {}))
	size := count(input.more[name])
}

every_small if {
	every n in input.numbers { n < 5 }
}

answer := {
	"verdict": verdict,
	"hits": hits,
	"sizes": sizes,
	"sum": sum([n | some n in input.numbers; is_number(n)]),
	"small": object.get({"yes": true}, {true: "yes"}[every_small_or_not], false),
	"sorted": sort({x | some x in input.numbers}),
	"text": concat(":", [verdict, concat(",", sort({t | some t in input.tags}))]),
}

default every_small_or_not := false

every_small_or_not if every_small
"""

numbers = st.integers(-3, 9) | st.sampled_from([0.5, 1.0, 2.5])
words = st.sampled_from(["a", "ab", "b", "zz", "q", "A"])
documents = st.fixed_dictionaries(
    {"level": numbers, "tags": st.lists(words, max_size=4), "numbers": st.lists(numbers, max_size=5)},
    optional={
        "more": st.dictionaries(words, st.lists(numbers, max_size=3), max_size=3),
        "extra": st.none() | st.booleans(),
    },
)


def drawn(strategy, count):
    """So many examples of a strategy, always the same ones."""
    found = []

    @given(strategy)
    @settings(
        max_examples=count,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    def draw(value):
        found.append(value)

    draw()
    return found


def embedded_answers(policy, path, inputs, data):
    """What the embedded engine answers, in the form of the peers."""
    answers = (policy.evaluate(path, document, data) for document in inputs)
    return [UNDEFINED_MARK if answer is UNDEFINED else answer for answer in answers]


def differences(ours, theirs):
    """The positions at which two lists of answers differ."""
    assert len(ours) == len(theirs)
    return [n for n, (a, b) in enumerate(zip(ours, theirs, strict=True)) if not equal(a, b)]


def unordered(answer):
    """The answer with every array sorted: regopy writes sets in the order of their text, not of their values."""
    if isinstance(answer, dict):
        return {key: unordered(value) for key, value in answer.items()}
    return sort_values([unordered(value) for value in answer]) if isinstance(answer, list) else answer


def same_but_for_order(ours, theirs):
    """The positions at which two lists of answers differ in more than the order of arrays."""
    return differences([unordered(answer) for answer in ours], [unordered(answer) for answer in theirs])


def test_a_policy_of_many_shapes(opa_binary, tmp_path):
    """Three evaluators agree on generated inputs of a policy that uses most of the language."""
    files, data = {"t.rego": LOOSE}, {"blocked": ["zz", "q"]}
    inputs = drawn(documents, 300)
    ours = embedded_answers(compile_rego(files), "t/answer", inputs, data)
    assert differences(ours, opa_answers(opa_binary, tmp_path, files, "t/answer", inputs, data)) == []
    assert same_but_for_order(ours, regopy_answers(files, "t/answer", inputs, data)) == []


def test_the_default_pack(opa_binary, tmp_path):
    """Three evaluators agree on the default rule pack."""
    pack, inputs = questions(400)
    ours = embedded_answers(pack.compile(), ENTRY_POINT, inputs, pack.data)
    files = dict(pack.modules)
    assert differences(ours, opa_answers(opa_binary, tmp_path, files, ENTRY_POINT, inputs, pack.data)) == []
    assert same_but_for_order(ours[:60], regopy_answers(files, ENTRY_POINT, inputs[:60], pack.data)) == []


def flipped(plan, number):
    """The plan with one comparison turned round; None when there are not so many."""
    found = copy.deepcopy(plan)
    stack, seen = [found["funcs"]], 0
    turned = {"EqualStmt": "NotEqualStmt", "IsDefinedStmt": "IsUndefinedStmt", "NotEqualStmt": "EqualStmt"}
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if node.get("type") == "CallStmt" and node["stmt"]["func"] in {"gt", "lte", "lt"}:
                if seen == number:
                    node["stmt"]["func"] = {"gt": "lte", "lte": "gt", "lt": "gte"}[node["stmt"]["func"]]
                    return found
                seen += 1
            if node.get("type") == "EqualStmt":
                if seen == number:
                    node["type"] = turned["EqualStmt"]
                    return found
                seen += 1
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return None


def test_a_seeded_fault_is_seen():
    """Turning round any one comparison in the plan changes an answer on the same inputs."""
    files, data = {"t.rego": LOOSE}, {"blocked": ["zz", "q"]}
    inputs = drawn(documents, 300)
    policy = compile_rego(files, entrypoints=["t/answer"])
    right = embedded_answers(policy, "t/answer", inputs, data)
    faults = 0
    while (plan := flipped(policy.ir, faults)) is not None:
        wrong = Policy.from_plan(plan)
        try:
            found = differences(embedded_answers(wrong, "t/answer", inputs, data), right)
        except Exception:  # noqa: BLE001 - a fault that ends in an error is seen as well
            found = [0]
        assert found, f"fault {faults} was not seen"
        faults += 1
    assert faults >= 4


def test_builtins_answer_as_opas(opa_binary, tmp_path):
    """Every expression of the list has in the embedded engine the value that OPA gives it."""
    listed = expressions()
    rules = "".join(f"e{n} := {text}\n\n" for n, text in enumerate(listed))
    text = (
        'package t\n\nletters := {"b": 1, "a": 2}\n\npair := ["a", "b"]\n\n'
        'walk_paths := [[p, v] | walk({"a": [1, {"b": 2}], "s": {3}}, [p, v])]\n\n'
        f"every_small if {{\n\tevery x in [1, 2] {{ x < 3 }}\n}}\n\n{rules}"
    )
    (tmp_path / "t.rego").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [opa_binary, "eval", "-d", tmp_path / "t.rego", "-f", "json", "data.t"], capture_output=True, check=True
    )
    theirs = json.loads(done.stdout)["result"][0]["expressions"][0]["value"]
    policy = compile_rego({"t.rego": text})
    wrong = {}
    for n, expression in enumerate(listed):
        value = policy.evaluate(f"t/e{n}", {}, builtin_errors="undefined")
        wanted = theirs.get(f"e{n}", UNDEFINED)
        if (value is UNDEFINED) != (wanted is UNDEFINED) or (value is not UNDEFINED and not equal(value, wanted)):
            wrong[expression] = (value, wanted)
    assert wrong == {}


@pytest.mark.shared
def test_opas_plans_of_its_own_cases(opa_binary, shared_data, tmp_path):
    """A sample of the conformance cases, planned by OPA itself, passes as well."""
    import tarfile

    from bench import rego_conformance
    from guard.errors import PolicyError

    assert (shared_data / "rego" / "cases.jsonl").exists()
    failed = []
    for number, case in enumerate(rego_conformance.cases()):
        if number % 12 or case.needs_network or case.note == "fix1863/is defined":
            continue
        names = []
        for name, text in case.modules.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
            names.append(tmp_path / name)
        bundle = tmp_path / "bundle.tar.gz"
        command = [opa_binary, "build", "-t", "plan", "-e", case.entrypoint, "-o", bundle, *names]
        subprocess.run(command, check=True, capture_output=True)
        with tarfile.open(bundle) as archive:
            plan = json.load(archive.extractfile("/plan.json"))
        try:
            why = rego_conformance.failure(case, Policy.from_plan(plan))
        except PolicyError as error:
            why = error.message
        if why:
            failed.append((case.note, why))
    assert failed == []
