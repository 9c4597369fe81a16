"""Plans from elsewhere: broken ones are refused, OPA's own are as good as ours."""

from __future__ import annotations

import copy
import json
import subprocess
import tarfile

import pytest

from guard.errors import PolicyError
from guard.policy.rego import Policy
from guard.policy.rego import compile as compile_rego

REGO = "package a\nx := [v | some v in input.list; v > 1]\ny if not 3 in x"


def paths(node, path=()):
    """All places in a JSON value."""
    yield path
    if isinstance(node, dict):
        for key, value in node.items():
            yield from paths(value, (*path, key))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from paths(value, (*path, position))


def changed(node, path, value):
    """The JSON value with another one put at a place."""
    if not path:
        return value
    result = copy.copy(node)
    result[path[0]] = changed(node[path[0]], path[1:], value)
    return result


def test_a_damaged_plan_is_refused_or_harmless():
    """Whatever stands in the place of any part of a plan, loading it is a policy or a policy error, nothing else."""
    plan = compile_rego({"a.rego": REGO}).ir
    loaded = refused = 0
    for path in list(paths(plan)):
        for value in (None, -1, 10**6, "x", [], {}, True):
            try:
                Policy.from_plan(changed(plan, path, value))
                loaded += 1
            except PolicyError:
                refused += 1
    assert loaded > 0
    assert refused > 1000


@pytest.mark.parametrize(
    "plan", [None, [], {}, {"plans": 1}, {"static": {}, "plans": {"plans": [{"name": "x"}]}, "funcs": 3}]
)
def test_no_plan_at_all(plan):
    """What is no plan is an error that says so."""
    with pytest.raises(PolicyError, match="not valid IR"):
        Policy.from_plan(plan)


def test_opas_plan_gives_the_same_answers(opa_binary, tmp_path):
    """A plan that `opa build -t plan` made decides as ours does."""
    (tmp_path / "a.rego").write_text(REGO)
    command = [
        opa_binary,
        "build",
        "-t",
        "plan",
        "-e",
        "a/x",
        "-e",
        "a/y",
        "-o",
        tmp_path / "bundle.tar.gz",
        tmp_path / "a.rego",
    ]
    subprocess.run(command, check=True, capture_output=True)
    with tarfile.open(tmp_path / "bundle.tar.gz") as bundle:
        plan = json.load(bundle.extractfile("/plan.json"))
    theirs, ours = Policy.from_plan(plan), compile_rego({"a.rego": REGO})
    for document in ({"list": [1, 2]}, {"list": [3]}, {"list": "x"}, {}):
        for path in ("a/x", "a/y"):
            assert theirs.evaluate(path, document) == ours.evaluate(path, document)
