"""The rewrites that make generated code fast, each beside the plain meaning of the rule."""

from __future__ import annotations

import pytest

from guard.policy.rego import compile as compile_rego
from guard.policy.rego.errors import ConflictError, LimitError
from guard.policy.rego.policy import Limits

LOOPS = """package p

import rego.v1

# only the answer holds it: a list that is sorted for the answer
masks contains {"id": s.id, "to": form(s)} if {
	some s in input.sets
	not open(s)
}

form(s) := data.forms[s.kind]

# expanded: several bodies, nested loops
open(s) if {
	some label in s.labels
	label in data.open
}

open(s) if {
	some one in s.labels
	some two in data.pairs
	sprintf("%s-%d", [one, s.level]) == two
}

opened := [s.id | some s in input.sets; open(s)]

texts contains concat("/", ["{x}", s.kind, "\\\\'"]) if some s in input.sets

answer := {"masks": masks, "opened": opened, "texts": texts}
"""
DATA = {"forms": {"a": "A", "b": {"z": 1}, "c": [1]}, "open": ["free"], "pairs": ["near-3"]}


def sets(*items):
    """Label sets as tuples of id, kind, level and labels."""
    return {"sets": [dict(zip(("id", "kind", "level", "labels"), item, strict=True)) for item in items]}


@pytest.fixture(scope="module")
def policy():
    """The compiled loops."""
    return compile_rego({"p.rego": LOOPS}, entrypoints=["p/answer", "p/masks"])


def test_expanded_functions_and_listed_sets(policy):
    """Every path through the loops: opened by each body, masked, without a form, said twice."""
    given = sets(
        ("2", "a", 1, ["x"]),
        ("1", "b", 1, ["x", "free"]),
        ("3", "b", 3, ["far", "near"]),
        ("0", "c", 3, []),
        ("4", "none", 3, []),
        ("2", "a", 9, ["x"]),
    )
    masks = [{"id": "0", "to": [1]}, {"id": "2", "to": "A"}]
    kinds = ["a", "b", "c", "none"]
    texts = [f"{{x}}/{kind}/\\'" for kind in kinds]
    assert policy.evaluate("p/answer", given, DATA) == {"masks": masks, "opened": ["1", "3"], "texts": texts}
    assert policy.evaluate("p/masks", given, DATA) == masks


def test_repeats_with_the_same_first_member(policy):
    """Objects that the first member does not tell apart: repeats go, the rest stands in order."""
    given = sets(("1", "c", 1, []), ("1", "a", 1, []), ("1", "b", 1, []), ("1", "a", 2, []), ("1", "b", 2, []))
    masks = [{"id": "1", "to": "A"}, {"id": "1", "to": [1]}, {"id": "1", "to": {"z": 1}}]
    assert policy.evaluate("p/masks", given, DATA) == masks
    assert [one.value for one in policy.explain("p/masks", given, DATA).rules][-1] == masks


@pytest.mark.parametrize("given", [{}, {"sets": 3}, {"sets": [1, None, "x", [], {}]}, {"sets": {"k": {"id": "1"}}}])
def test_shapes_that_the_fast_way_does_not_expect(policy, given):
    """What is no object or has no such member is undefined, not a crash."""
    assert policy.evaluate("p/masks", given, DATA) == []
    assert policy.evaluate("p/answer", given, DATA)["opened"] == []


def test_data_and_input_stay_as_they_were(policy):
    """An answer that is built where it stands shares nothing with the data."""
    answer = policy.evaluate("p/masks", sets(("1", "b", 1, [])), DATA)
    answer[0]["to"]["z"] = 2
    assert DATA["forms"]["b"] == {"z": 1}


@pytest.mark.parametrize(("value", "text"), [(1, "1|1"), (-7, "-7|-7"), (1 << 70, f"{1 << 70}|{1 << 70}")])
def test_texts_of_numbers(value, text):
    """Small integers are written at once, large ones by the builtin."""
    policy = compile_rego({"p.rego": 'package p\n\nx := sprintf("%d|%v", [input.n, input.n])\n'})
    assert policy.evaluate("p/x", {"n": value}) == text


def test_a_text_of_another_type_goes_the_general_way():
    """`%d` of a string and `%s` of a number are written as Go does."""
    policy = compile_rego({"p.rego": 'package p\n\nx := sprintf("%d %s {}", [input.a, input.b])\n'})
    assert policy.evaluate("p/x", {"a": "q", "b": 3}) == "%!d(string=q) %!s(int64=3) {}"


def test_steps_are_still_counted():
    """Loops in expanded functions charge the same budget."""
    text = "package p\n\nf(x) if {\n\tsome a in input.n\n\ta == x\n}\n\nx := [a | some a in input.n; f(a + 1000)]\n"
    policy = compile_rego({"p.rego": text}, limits=Limits(steps=5000))
    assert policy.evaluate("p/x", {"n": list(range(50))}) == []
    with pytest.raises(LimitError, match="more steps"):
        policy.evaluate("p/x", {"n": list(range(100))})


def test_a_path_is_asked_where_it_stands():
    """A path that is fetched before its loop does not make an empty loop undefined, nor `not` of it."""
    text = (
        "package p\n\nx := [a | some a in input.n; not data.none.here[a]; data.some.flag]\n\n"
        "y := [a | some a in input.n; data.none.here.flag]\n"
    )
    policy = compile_rego({"p.rego": text})
    data = {"some": {"flag": True}}
    assert policy.evaluate("p/x", {"n": [1]}, data) == [1]
    assert policy.evaluate("p/x", {"n": []}, data) == []
    assert policy.evaluate("p/y", {"n": [1]}, data) == []


def test_a_set_that_conflicts_is_still_compared():
    """A decision with two bodies compares its sets; they are no lists then."""
    text = (
        'package p\n\ns contains {"id": a} if some a in input.n\n\n'
        'd := {"s": s} if input.one\n\nd := {"s": {{"id": 1}}} if input.two\n'
    )
    policy = compile_rego({"p.rego": text}, entrypoints=["p/d"])
    assert policy.evaluate("p/d", {"n": [1, 1], "one": True, "two": True}) == {"s": [{"id": 1}]}
    with pytest.raises(ConflictError):
        policy.evaluate("p/d", {"n": [1, 2], "one": True, "two": True})
