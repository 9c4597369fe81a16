"""The rewrites that make generated code fast, each beside the plain meaning of the rule."""

from __future__ import annotations

import pytest

from guard.policy.rego import compile as compile_rego
from guard.policy.rego.errors import BuiltinError, ConflictError, LimitError
from guard.policy.rego.policy import Limits
from guard.policy.rego.values import UNDEFINED

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


NESTED = """package p

# a function that asks a function that asks a function, each with several bodies
outer(s) if {
	some x in s.a
	middle(x)
}

outer(s) if {
	some x in s.b
	some y in s.c
	x == y
}

middle(x) if x == "first"

middle(x) if {
	some y in data.ys
	inner(x, y)
}

inner(x, y) if startswith(x, y)

inner(x, y) if {
	some z in data.zs
	concat("", [y, z]) == x
}

yes := [s.id | some s in input.sets; outer(s)]

no := [s.id | some s in input.sets; not outer(s)]

never(x) if middle(x)

both := {"yes": yes, "no": no, "one": [x | some x in input.xs; never(x)]}
"""


def test_functions_in_functions():
    """A success deep inside leaves every loop around it, and only its own element's."""
    policy = compile_rego({"p.rego": NESTED}, entrypoints=["p/both"])
    sets_ = [
        {"id": 1, "a": ["z", "first", "z"], "b": [], "c": []},
        {"id": 2, "a": ["z"], "b": [1, 2], "c": [3, 2, 2]},
        {"id": 3, "a": ["z"], "b": [1], "c": [3]},
        {"id": 4, "a": ["q", "ab"], "b": [], "c": []},
        {"id": 5, "a": ["q", "ca"], "b": [], "c": []},
        {"id": 6},
        {"id": 7, "a": [], "b": False, "c": []},
    ]
    data = {"ys": ["a", "c"], "zs": ["x", "a"]}
    answer = policy.evaluate("p/both", {"sets": sets_, "xs": ["n", "ab", "first", "ca"]}, data)
    assert answer == {"yes": [1, 2, 4, 5], "no": [3, 6, 7], "one": ["ab", "first", "ca"]}
    assert policy.explain("p/both", {"sets": sets_, "xs": ["n", "ab", "first", "ca"]}, data).value == answer


ANSWER = """package p

entry contains {"id": s.id, "v": s.v} if some s in input.sets

set_of contains s.v if some s in input.sets

answer := {"v": 1, "groups": [{"rule": "a", "items": entry}, {"rule": "b", "items": set_of}], "form": data.form}
"""


@pytest.fixture(scope="module")
def answering():
    """A document that is put together for the answer alone."""
    return compile_rego({"p.rego": ANSWER}, entrypoints=["p/answer"])


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["x"],
        [{"a": 1}, {"a": 1}, {"a": 2}],
        [[1, "x"], [1, "x"], []],
        [[{"deep": [1]}], {"deep": {"er": [2]}}, None, True, 1.5],
    ],
)
@pytest.mark.parametrize("ids", [["b", "a", "c", "d", "e"], ["a", "a", "a", "a", "a"], [1, "1", None, [], {}]])
def test_an_answer_made_on_the_spot(answering, values, ids):
    """It is the answer that the plain way gives, fresh, in order and without repeats."""
    given = {"sets": [{"id": i, "v": v} for i, v in zip(ids, values, strict=False)]}
    form = {"x": 1, "y": ["z"]}
    answer = answering.evaluate("p/answer", given, {"form": form})
    assert answer == answering.explain("p/answer", given, {"form": form}).value
    before = repr((given, form))
    spoil(answer)
    assert repr((given, form)) == before


def spoil(value):
    """Changes every array and object in it."""
    for item in list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ():
        spoil(item)
    if isinstance(value, dict):
        value["spoilt"] = True
    elif isinstance(value, list):
        value.append("spoilt")


@pytest.mark.parametrize("value", [[0] * 70, {str(n): n for n in range(70)}, [[[[0] * 60]]]])
def test_nodes_are_still_counted(value):
    """An answer that is made on the spot charges the same budget, wherever its parts come from."""
    answering = compile_rego({"p.rego": ANSWER}, entrypoints=["p/answer"], limits=Limits(nodes=60))
    with pytest.raises(LimitError, match="answer is larger"):
        answering.evaluate("p/answer", {"sets": [{"id": "a", "v": value}]}, {"form": 1})
    with pytest.raises(LimitError, match="answer is larger"):
        answering.evaluate("p/answer", {"sets": [{"id": str(n), "v": 1} for n in range(30)]}, {"form": 1})
    with pytest.raises(LimitError, match="answer is larger"):
        answering.evaluate("p/answer", {"sets": []}, {"form": value})


LITERALS = """package p

o := x if {
	b := input.b
	x := {"a": input.a, "b": b}
	x.a < x.b
}

k[a] := v if {
	some a in input.n
	w := {"a": [a, input.b]}
	v := {"a": a, "w": w}
}

l := [x | some a in input.n; z := input.b; y := [a, z]; x := [a, y]; a > 1]
"""


def test_a_literal_moves_only_where_nobody_can_tell():
    """An object that is read before it is given out, one that a loop fills, one within another."""
    policy = compile_rego({"p.rego": LITERALS})
    given = {"a": 1, "b": 2, "n": ["p", 2]}
    assert policy.evaluate("p/o", given) == {"a": 1, "b": 2}
    assert policy.evaluate("p/k", given)["p"] == {"a": "p", "w": {"a": ["p", 2]}}
    assert policy.evaluate("p/l", given) == [["p", ["p", 2]], [2, [2, 2]]]
    assert policy.evaluate("p/l", {"n": [2]}) == []


EXTREMES = "package p\n\nimport rego.v1\n\nlargest := max(input.of)\n\nsmallest := min({one | some one in input.of})\n"


@pytest.mark.parametrize(
    ("of", "largest", "smallest"),
    [
        ([3, 1, 2], 3, 1),
        ([True, 7], 7, True),  # OPA's order: booleans stand before numbers, and are none
        ([1, 2.5], 2.5, 1),
        (["b", "a", 9], "b", 9),
        ([None, -1], -1, None),
    ],
)
def test_extremes(of, largest, smallest):
    """Whole numbers take the short way, everything else OPA's order."""
    policy = compile_rego({"p.rego": EXTREMES}, entrypoints=["p/largest", "p/smallest"])
    assert policy.evaluate("p/largest", {"of": of}) == largest
    assert (
        policy.evaluate("p/smallest", {"of": of}) is smallest or policy.evaluate("p/smallest", {"of": of}) == smallest
    )


@pytest.mark.parametrize("of", [7, "abc", {"a": 1}, None])
def test_extremes_of_what_is_no_collection(of):
    """As the builtin says it, and never a crash of the short way."""
    policy = compile_rego({"p.rego": EXTREMES}, entrypoints=["p/largest"])
    with pytest.raises(BuiltinError, match="max"):
        policy.evaluate("p/largest", {"of": of})
    assert policy.evaluate("p/largest", {"of": []}) is UNDEFINED
