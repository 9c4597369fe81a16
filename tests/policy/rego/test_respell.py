"""What the compiler misunderstands is said in other words: the meaning of each is OPA's."""

from __future__ import annotations

import pytest

from guard.errors import PolicyError
from guard.policy.rego import UNDEFINED
from guard.policy.rego import compile as compile_rego
from guard.policy.rego.respell import respell
from guard.policy.rego.syntax import outline


def respelled(text):
    """One module as the compiler sees it."""
    return respell({"a.rego": text}, {"a.rego": outline("a.rego", text)})["a.rego"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("package a\n\np := data[2]", 'package a\n\np := data["2"]'),
        ("package a\n\np := data[2.5]", 'package a\n\np := data["2.5"]'),
        ("package a\n\np := input.data[2]", "package a\n\np := input.data[2]"),
        ("package a\n\np := data[2 + x]", "package a\n\np := data[2 + x]"),
        ("package a\n\np := 2 in data", "package a\n\np := 2 in data"),
        ('package a\n\np := "data[2]"', 'package a\n\np := "data[2]"'),
        ("package a\n\np if yaml.unmarshal(x, _)", "package a\n\np if yaml.unmarshal(x, guard_result_34)"),
        ("package a\n\np if walk(f([1, 2]), _)", "package a\n\np if walk(f([1, 2]), guard_result_32)"),
        ("package a\n\np if f(x, _)", "package a\n\np if f(x, _)"),
        ("package a\n\np if count(_)", "package a\n\np if count(_)"),
        ("package a.b\n", "package a.b\n\n\nguard_nothing if false\n"),
    ],
)
def test_a_module_in_other_words(before, after):
    """Only these shapes change, and no line moves."""
    assert respelled(before) == after
    assert after[: len(after.rstrip())].count("\n") >= before.rstrip().count("\n")


def test_a_wildcard_for_the_result_of_a_builtin():
    """`yaml.unmarshal(text, _)` asks whether there is a result at all."""
    policy = compile_rego({"a.rego": "package a\n\np if yaml.unmarshal(input, _)\n\nq if walk(input, [_, _])"})
    assert policy.evaluate("a/p", "[1]") is True
    assert policy.evaluate("a/p", "[1", builtin_errors="undefined") is UNDEFINED
    assert policy.evaluate("a/q", {"x": 1}) is True


def test_a_wildcard_where_an_operand_is_wanted_is_still_unsafe():
    """Nothing but a place for a result may be a wildcard."""
    with pytest.raises(PolicyError, match=r"a.rego:3: "):
        compile_rego({"a.rego": "package a\n\np if yaml.unmarshal(_, x)"})


def test_the_whole_document():
    """`data` is every rule at its place over the base data; an empty package and an undefined rule give `{}`."""
    files = {
        "a.rego": "package a.b\n",
        "x.rego": 'package x\n\np := v if {\n\tv = data.a.b\n}\n\ns if data[2] == "t"\n\nf(x) := x\n\nu if input.u',
        "y.rego": "package y\n\nu if input.u",
    }
    policy = compile_rego(files, entrypoints=["data"])
    base = {"2": "t", "x": {"z": 1, "p": "hidden"}}
    expected = {"2": "t", "a": {"b": {}}, "x": {"p": {}, "s": True, "z": 1}, "y": {}}
    assert policy.evaluate("data", {}, base) == expected
    assert policy.evaluate("data.x.s", {}, base) is True
