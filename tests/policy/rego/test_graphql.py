"""graphql.*: trees as OPA shows them, validity, trees handed on, and documents that are made to hurt."""

from __future__ import annotations

import pytest

from guard.errors import PolicyError
from guard.policy.rego import compile as compile_rego
from guard.policy.rego.builtins import registry
from guard.policy.rego.errors import LimitError

SCHEMA = """
type Query { staff(id: ID!, tags: [String!] = ["a"]): Employee }
type Employee implements Named @mark { name: String! salary: Money! rank: Rank }
interface Named { name: String! }
enum Rank { LOW HIGH @deprecated }
input Filter { from: Int = 1 to: Int }
union Any = Employee
scalar Money
directive @mark(why: String) repeatable on OBJECT | FIELD
"""
QUERY = (
    'query One($id: ID!) { staff(id: $id, tags: ["x"]) '
    "{ who: name @include(if: true) ...More ... on Employee { rank } } }"
)
FRAGMENT = " fragment More on Employee { salary }"


def call(name, *operands):
    """The builtin on these operands."""
    return registry()[f"graphql.{name}"](*operands)


def test_a_query_is_shown_as_opa_shows_it():
    """Members of gqlparser's structures; nothing empty but the names."""
    assert call("parse_query", "query ($a: [Int!] = null) { f(x: {k: $a}) }") == {
        "Operations": [
            {
                "Operation": "query",
                "Name": "",
                "VariableDefinitions": [
                    {
                        "Variable": "a",
                        "Type": {"Elem": {"NamedType": "Int", "NonNull": True}, "NamedType": "", "NonNull": False},
                        "DefaultValue": {"Kind": 6, "Raw": "null", "ExpectedTypeHasDefault": False},
                        "Used": False,
                    }
                ],
                "SelectionSet": [
                    {
                        "Alias": "f",
                        "Name": "f",
                        "Arguments": [
                            {
                                "Name": "x",
                                "Value": {
                                    "Kind": 9,
                                    "Raw": "",
                                    "ExpectedTypeHasDefault": False,
                                    "Children": [
                                        {
                                            "Name": "k",
                                            "Value": {"Kind": 0, "Raw": "a", "ExpectedTypeHasDefault": False},
                                        }
                                    ],
                                },
                            }
                        ],
                    }
                ],
            }
        ]
    }


@pytest.mark.parametrize(
    ("query", "valid"),
    [
        (QUERY + FRAGMENT, True),
        (QUERY, False),
        ("{ staff(id: 1) { name } }", True),
        ("{ staff { name } }", False),
        ("{ staff(id: 1) { secret } }", False),
        ("{ staff(id: 1) }", False),
        ("{ staff(id: 1) { } }", False),
        ("", True),
        ("type A { b: Int }", False),
        ("{", False),
    ],
)
def test_validity_is_the_same_for_texts_and_trees(query, valid):
    """A tree that one builtin made is as good as the text it came from."""
    assert call("is_valid", query, SCHEMA) is valid
    tree = call("parse_schema", SCHEMA)
    assert call("schema_is_valid", tree) is call("schema_is_valid", SCHEMA) is True
    assert call("is_valid", query, tree) is valid
    verified = call("parse_and_verify", query, SCHEMA)
    assert verified == ([True, call("parse_query", query), tree] if valid else [False, {}, {}])
    if valid and query:
        assert call("parse", call("parse_query", query), tree) == [call("parse_query", query), tree]
        assert call("is_valid", call("parse_query", query), SCHEMA) is True


@pytest.mark.parametrize("tree", [{}, {"Operations": 3}, {"Operations": [{}]}, {"Definitions": [{"Kind": "NONE"}]}])
def test_an_object_that_is_no_tree(tree):
    """No crash: not valid."""
    assert call("is_valid", tree, {"Definitions": [{"Kind": "NONE"}]}) is False
    assert call("schema_is_valid", {"Definitions": [{"Kind": "OBJECT"}]}) is False


def test_hostile_documents_end():
    """Deep, long and repetitive documents are refused by a limit, which is not the same as not valid."""
    deep, long, same = "{a" * 4000 + "}" * 4000, "{" + "a " * 20_000 + "}", "{" + "a " * 1000 + "}"
    for name, operands in (
        ("parse_query", (deep,)),
        ("parse_query", (long,)),
        ("is_valid", (long, SCHEMA)),
        ("is_valid", (same, "type Query { a: Int }")),
    ):
        with pytest.raises(LimitError):
            call(name, *operands)


def test_the_library_missing_is_a_load_error(monkeypatch):
    """The extra is named; without the library such a policy does not load."""
    monkeypatch.setattr("guard.policy.rego.checks.find_spec", lambda _name: None)
    with pytest.raises(PolicyError, match=r"a\.rego:2: the builtin `graphql\.is_valid` needs a library") as caught:
        compile_rego({"a.rego": "package a\nx := graphql.is_valid(input.q, input.s)\n"})
    assert "guard[graphql]" in str(caught.value.help)
