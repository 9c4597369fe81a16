"""GraphQL text from the JSON trees of `graphql_tree`, so that a policy may hand a parsed document on.

OPA rebuilds gqlparser's structures from the JSON; here the text in between is what both sides agree on. What does not
have the shape of a tree is an error of the builtin.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from guard.policy.rego.errors import BuiltinError

KEYWORDS: Final = {
    "SCALAR": "scalar",
    "OBJECT": "type",
    "INTERFACE": "interface",
    "UNION": "union",
    "ENUM": "enum",
    "INPUT_OBJECT": "input",
}
MAX_DEPTH: Final = 100


def query_text(tree: Any) -> str:
    """An executable document."""
    return _written(_query, tree)


def schema_text(tree: Any) -> str:
    """A document of the type system."""
    return _written(_schema, tree)


def _written(write: Callable[[Any], str], tree: Any) -> str:
    try:
        return write(tree)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BuiltinError("the object is not the tree of a GraphQL document") from error


def _query(tree: Any) -> str:
    operations = [
        f"{one['Operation']} {one.get('Name', '')}{_variables(one.get('VariableDefinitions'))}"
        f"{_directives(one)}{_selections(one)}"
        for one in tree.get("Operations", [])
    ]
    fragments = [
        f"fragment {one['Name']}{_variables(one.get('VariableDefinition'))} on {one['TypeCondition']}"
        f"{_directives(one)}{_selections(one)}"
        for one in tree.get("Fragments", [])
    ]
    return "\n".join([*operations, *fragments])


def _variables(found: Any) -> str:
    parts = [f"${one['Variable']}: {_type(one['Type'])}{_default(one)}{_directives(one)}" for one in found or []]
    return f"({', '.join(parts)})" if parts else ""


def _default(node: Any) -> str:
    return f" = {_value(node['DefaultValue'])}" if "DefaultValue" in node else ""


def _type(node: Any) -> str:
    inner = f"[{_type(node['Elem'])}]" if "Elem" in node else node["NamedType"]
    return f"{inner}!" if node.get("NonNull") else str(inner)


def _value(node: Any) -> str:
    kind, raw = int(node["Kind"]), node.get("Raw", "")
    children = node.get("Children", [])
    if kind == 0:
        return f"${raw}"
    if kind in {3, 4}:
        return json.dumps(raw)
    if kind == 8:
        return f"[{', '.join(_value(one['Value']) for one in children)}]"
    if kind == 9:
        return f"{{{', '.join(one['Name'] + ': ' + _value(one['Value']) for one in children)}}}"
    return str(raw)


def _directives(node: Any) -> str:
    return "".join(f" @{one['Name']}{_arguments(one)}" for one in node.get("Directives", []))


def _arguments(node: Any) -> str:
    parts = [f"{one['Name']}: {_value(one['Value'])}" for one in node.get("Arguments", [])]
    return f"({', '.join(parts)})" if parts else ""


def _selections(node: Any) -> str:
    found = node.get("SelectionSet", [])
    return f" {{ {' '.join(_selection(one) for one in found)} }}" if found else ""


def _selection(node: Any) -> str:
    if "Alias" in node:
        alias = f"{node['Alias']}: " if node["Alias"] != node["Name"] else ""
        return f"{alias}{node['Name']}{_arguments(node)}{_directives(node)}{_selections(node)}"
    if "Name" in node:
        return f"...{node['Name']}{_directives(node)}"
    on = f" on {node['TypeCondition']}" if node.get("TypeCondition") else ""
    return f"...{on}{_directives(node)}{_selections(node)}"


def _schema(tree: Any) -> str:
    parts = []
    for member, word in (("Schema", "schema"), ("SchemaExtension", "extend schema")):
        for one in tree.get(member, []):
            roots = " ".join(f"{root['Operation']}: {root['Type']}" for root in one.get("OperationTypes", []))
            parts.append(f"{word}{_directives(one)} {{ {roots} }}")
    for one in tree.get("Directives", []):
        repeatable = " repeatable" if one.get("IsRepeatable") else ""
        parts.append(f"directive @{one['Name']}{_inputs(one)}{repeatable} on {' | '.join(one['Locations'])}")
    parts += [_definition(one) for one in tree.get("Definitions", [])]
    parts += [f"extend {_definition(one)}" for one in tree.get("Extensions", [])]
    return "\n".join(parts)


def _inputs(node: Any) -> str:
    parts = [_input(one) for one in node.get("Arguments", [])]
    return f"({', '.join(parts)})" if parts else ""


def _input(node: Any) -> str:
    return f"{node['Name']}: {_type(node['Type'])}{_default(node)}{_directives(node)}"


def _definition(node: Any) -> str:
    kind = node["Kind"]
    head = f"{KEYWORDS[kind]} {node['Name']}"
    if node.get("Interfaces"):
        head += f" implements {' & '.join(node['Interfaces'])}"
    head += _directives(node)
    if kind == "UNION":
        return f"{head} = {' | '.join(node['Types'])}" if node.get("Types") else head
    if kind == "ENUM":
        members = [f"{one['Name']}{_directives(one)}" for one in node.get("EnumValues", [])]
    elif kind == "INPUT_OBJECT":
        members = [_input(one) for one in node.get("Fields", [])]
    else:
        members = [
            f"{one['Name']}{_inputs(one)}: {_type(one['Type'])}{_directives(one)}" for one in node.get("Fields", [])
        ]
    return f"{head} {{ {' '.join(members)} }}" if members else head
