"""graphql-core's syntax trees as the JSON that OPA shows: gqlparser's structures without positions and empty members.

Reference: gqlparser v2 `ast` package; `pruneIrrelevantGraphQLASTNodes` in OPA's `topdown/graphql.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

VALUE_KINDS: Final = {
    "variable": 0,
    "int_value": 1,
    "float_value": 2,
    "string_value": 3,
    "boolean_value": 5,
    "null_value": 6,
    "enum_value": 7,
    "list_value": 8,
    "object_value": 9,
}
BLOCK_STRING: Final = 4
DEFINITION_KINDS: Final = {
    "scalar_type": "SCALAR",
    "object_type": "OBJECT",
    "interface_type": "INTERFACE",
    "union_type": "UNION",
    "enum_type": "ENUM",
    "input_object_type": "INPUT_OBJECT",
}
Json = dict[str, Any]


def query_json(document: Any) -> Json:
    """An executable document."""
    found = document.definitions
    return _kept(
        Operations=[_operation(one) for one in found if one.kind == "operation_definition"],
        Fragments=[_fragment(one) for one in found if one.kind == "fragment_definition"],
    )


def schema_json(document: Any) -> Json:
    """A document of the type system."""
    groups: dict[str, list[Json]] = {
        name: [] for name in ("Schema", "SchemaExtension", "Directives", "Definitions", "Extensions")
    }
    for one in document.definitions:
        if one.kind in {"schema_definition", "schema_extension"}:
            groups["Schema" if one.kind == "schema_definition" else "SchemaExtension"].append(_schema(one))
        elif one.kind == "directive_definition":
            groups["Directives"].append(_directive_definition(one))
        else:
            groups["Extensions" if one.kind.endswith("_extension") else "Definitions"].append(_definition(one))
    return _kept(**groups)


def _kept(**members: Any) -> Json:
    """The members that OPA keeps: no null, no empty array or object."""
    return {name: value for name, value in members.items() if value is not None and value not in ([], {})}


def _name(node: Any) -> str:
    return node.name.value if node.name is not None else ""


def _each(function: Callable[[Any], Json], nodes: Iterable[Any] | None) -> list[Json]:
    return [function(node) for node in nodes or ()]


def _operation(node: Any) -> Json:
    return _kept(
        Operation=node.operation.value,
        Name=_name(node),
        VariableDefinitions=_each(_variable, node.variable_definitions),
        Directives=_each(_directive, node.directives),
        SelectionSet=_selections(node),
    )


def _variable(node: Any) -> Json:
    return _kept(
        Variable=_name(node.variable),
        Type=_type(node.type),
        DefaultValue=_optional(node.default_value),
        Directives=_each(_directive, node.directives),
        Used=False,
    )


def _optional(node: Any) -> Json | None:
    return None if node is None else _value(node)


def _value(node: Any) -> Json:
    kind = VALUE_KINDS[node.kind]
    if node.kind == "string_value" and node.block:
        kind = BLOCK_STRING
    children: list[Json] = []
    raw = ""
    if node.kind == "variable":
        raw = _name(node)
    elif node.kind == "list_value":
        children = [{"Name": "", "Value": _value(item)} for item in node.values]
    elif node.kind == "object_value":
        children = [{"Name": _name(field), "Value": _value(field.value)} for field in node.fields]
    elif node.kind == "boolean_value":
        raw = "true" if node.value else "false"
    else:
        raw = "null" if node.kind == "null_value" else node.value
    return _kept(Kind=kind, Raw=raw, Children=children, ExpectedTypeHasDefault=False)


def _type(node: Any) -> Json:
    needed = node.kind == "non_null_type"
    inner = node.type if needed else node
    if inner.kind == "list_type":
        return {"Elem": _type(inner.type), "NamedType": "", "NonNull": needed}
    return {"NamedType": _name(inner), "NonNull": needed}


def _selections(node: Any) -> list[Json]:
    return [SELECTIONS[one.kind](one) for one in (node.selection_set.selections if node.selection_set else ())]


def _field(node: Any) -> Json:
    return _kept(
        Alias=node.alias.value if node.alias else _name(node),
        Name=_name(node),
        Arguments=_each(_argument, node.arguments),
        Directives=_each(_directive, node.directives),
        SelectionSet=_selections(node),
    )


def _spread(node: Any) -> Json:
    return _kept(Name=_name(node), Directives=_each(_directive, node.directives))


def _inline(node: Any) -> Json:
    return _kept(
        TypeCondition=_name(node.type_condition) if node.type_condition else "",
        Directives=_each(_directive, node.directives),
        SelectionSet=_selections(node),
    )


SELECTIONS: Final[Mapping[str, Callable[[Any], Json]]] = {
    "field": _field,
    "fragment_spread": _spread,
    "inline_fragment": _inline,
}


def _fragment(node: Any) -> Json:
    return _kept(
        Name=_name(node),
        VariableDefinition=_each(_variable, node.variable_definitions),
        TypeCondition=_name(node.type_condition),
        Directives=_each(_directive, node.directives),
        SelectionSet=_selections(node),
    )


def _argument(node: Any) -> Json:
    return {"Name": _name(node), "Value": _value(node.value)}


def _directive(node: Any) -> Json:
    return _kept(Name=_name(node), Arguments=_each(_argument, node.arguments), Location="")


def _description(node: Any) -> str:
    found = getattr(node, "description", None)
    return found.value if found is not None else ""


def _schema(node: Any) -> Json:
    return _kept(
        Description=_description(node),
        Directives=_each(_directive, node.directives),
        OperationTypes=[
            {"Operation": one.operation.value, "Type": _name(one.type)} for one in node.operation_types or ()
        ],
    )


def _directive_definition(node: Any) -> Json:
    return _kept(
        Description=_description(node),
        Name=_name(node),
        Arguments=_each(_input, node.arguments),
        Locations=[one.value for one in node.locations],
        IsRepeatable=node.repeatable,
    )


def _definition(node: Any) -> Json:
    kind = DEFINITION_KINDS[node.kind.removesuffix("_definition").removesuffix("_extension")]
    fields: list[Json] = []
    if kind == "INPUT_OBJECT":
        fields = _each(_input, node.fields)
    elif kind in {"OBJECT", "INTERFACE"}:
        fields = _each(_output, node.fields)
    return _kept(
        Kind=kind,
        Description=_description(node),
        Name=_name(node),
        Directives=_each(_directive, node.directives),
        Interfaces=[_name(one) for one in getattr(node, "interfaces", None) or ()],
        Fields=fields,
        Types=[_name(one) for one in getattr(node, "types", None) or ()],
        EnumValues=_each(_enum_value, getattr(node, "values", None)),
        BuiltIn=False,
    )


def _output(node: Any) -> Json:
    return _kept(
        Description=_description(node),
        Name=_name(node),
        Arguments=_each(_input, node.arguments),
        Type=_type(node.type),
        Directives=_each(_directive, node.directives),
    )


def _input(node: Any) -> Json:
    return _kept(
        Description=_description(node),
        Name=_name(node),
        DefaultValue=_optional(node.default_value),
        Type=_type(node.type),
        Directives=_each(_directive, node.directives),
    )


def _enum_value(node: Any) -> Json:
    return _kept(Description=_description(node), Name=_name(node), Directives=_each(_directive, node.directives))
