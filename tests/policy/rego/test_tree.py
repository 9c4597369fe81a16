"""`rego.parse_module` gives the tree that OPA gives."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest

from guard.policy import rego
from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.syntax import tokens
from guard.policy.rego.tree.modules import parse_module
from guard.policy.rego.values import equal

ROOT = Path(__file__).resolve().parents[3]
QUERY = """package q

answers := [tree(text) | some text in input.texts]

tree(text) := found if found := rego.parse_module("x.rego", text)

tree(text) := null if not rego.parse_module("x.rego", text)
"""


def trees_of_opa(opa_binary, folder, texts):
    """What OPA answers for each text; None where it refuses it."""
    (folder / "q.rego").write_text(QUERY, encoding="utf-8")
    (folder / "input.json").write_text(json.dumps({"texts": texts}), encoding="utf-8")
    command = [opa_binary, "eval", "-d", folder / "q.rego", "-i", folder / "input.json", "-f", "json", "data.q.answers"]
    done = subprocess.run(command, capture_output=True, check=True)
    return json.loads(done.stdout)["result"][0]["expressions"][0]["value"]


def own_modules():
    """Every shape of the language, and the rules of the pack with their tests."""
    cases = (ROOT / "tests" / "cases" / "rego" / "tree.rego").read_text(encoding="utf-8")
    return [cases, *[path.read_text(encoding="utf-8") for path in sorted((ROOT / "rules").rglob("*.rego"))]]


def differences(texts, theirs):
    """Texts whose trees differ; one that only we refuse counts, one that only OPA refuses for its meaning does not."""
    wrong = []
    for text, wanted in zip(texts, theirs, strict=True):
        try:
            found = parse_module("x.rego", text)
        except BuiltinError:
            found = None
        if wanted is not None and not equal(json.loads(json.dumps(found, default=float)), wanted):
            wrong.append(text)
    return wrong


def test_the_tree_of_every_shape(opa_binary, tmp_path):
    """Terms, operators, comprehensions, heads, bodies, imports, comments, templates."""
    texts = own_modules()
    theirs = trees_of_opa(opa_binary, tmp_path, texts)
    assert None not in theirs
    assert differences(texts, theirs) == []


@pytest.mark.shared
def test_the_trees_of_the_conformance_cases(opa_binary, shared_data, tmp_path):
    """Each module of OPA's own cases has OPA's tree."""
    lines = (shared_data / "rego" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    texts = list(dict.fromkeys(text for line in lines for text in json.loads(line)["modules"]))
    assert differences(texts, trees_of_opa(opa_binary, tmp_path, texts)) == []


def test_damaged_modules(opa_binary, tmp_path):
    """Where a token is lost, said twice or another one, either both refuse the text or the trees are the same."""
    chosen = random.Random(7)
    whole = own_modules()
    texts = []
    while len(texts) < 300:
        text = chosen.choice(whole)
        found = list(tokens("x.rego", text))
        one, other = chosen.choice(found), chosen.choice(found)
        end = one.start + len(one.text)
        texts.append(text[: one.start] + chosen.choice(["", other.text, one.text + " " + one.text]) + text[end:])
    theirs = trees_of_opa(opa_binary, tmp_path, texts)
    refused_by_us_only = differences(texts, theirs)
    assert [text for text in refused_by_us_only if _accepted(text)] == []
    assert len(refused_by_us_only) < 15  # bodies that follow each other, which Rego v1 has no use for
    assert 50 < theirs.count(None) < 290


def _accepted(text):
    try:
        parse_module("x.rego", text)
    except BuiltinError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("package foo.", 1),
        ("p := 1", 1),
        ("package a\n\np if {", 3),
        ("package a\n\np := [1, 2", 3),
        ("package a\n\np := 01", 3),
        ("package a\n\nimport foo.bar", 3),
        ("package a\n\np if not some x in y", 3),
        ("package a\n\np { x }", 3),
        ("package a\n\np := " + "[" * 5000 + "]" * 5000, 3),
        ("package a\n\np := " + "[x | y, " * 60 + "@", 3),
        ("package a\n\np := " + "[x | y, " * 60 + ":", 3),
        ("package a\n\np := " + "(a, " * 90 + ":", 3),
    ],
)
def test_what_is_no_module(text, line):
    """An error of the builtin that names the line; nesting costs no more than its length."""
    with pytest.raises(BuiltinError, match=rf"x.rego:{line}: "):
        parse_module("x.rego", text)


def test_a_policy_about_policies():
    """A rule that asks which rules another module has."""
    text = "package p\n\nnames contains r.head.name if some r in rego.parse_module(input.file, input.text).rules"
    policy = rego.compile({"p.rego": text})
    assert policy.evaluate("p/names", {"file": "a.rego", "text": "package a\n\nx := 1\n\ny if x"}) == ["x", "y"]
    with pytest.raises(rego.EvaluationError, match=r"a\.rego:1"):
        policy.evaluate("p/names", {"file": "a.rego", "text": "package"})
