"""graphql.*: GraphQL documents parsed and validated by graphql-core, shown as OPA shows them.

graphql-core comes with the extra `guard[graphql]` and is loaded by the first call; without it a policy that calls
these functions does not load (see `checks`).
"""

from __future__ import annotations

from typing import Any, Final

from guard.policy.rego import graphql_text, graphql_tree
from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError, LimitError
from guard.policy.rego.values import Value

MAX_TOKENS: Final = 10_000
EXECUTABLE: Final = frozenset({"operation_definition", "fragment_definition"})


@builtin("graphql.parse_query", "string")
def parse_query(text: str) -> Value:
    """The syntax tree of a query."""
    return graphql_tree.query_json(_query(text))


@builtin("graphql.parse_schema", "string")
def parse_schema(text: str) -> Value:
    """The syntax tree of a schema."""
    return graphql_tree.schema_json(_schema(text))


@builtin("graphql.parse", "string|object", "string|object")
def parse(query: Value, schema: Value) -> Value:
    """Both trees, where the query is valid for the schema."""
    document, types = _query(query), _schema(schema)
    problem = _problem(document, types)
    if problem:
        raise BuiltinError(f"`graphql.parse`: {problem}")
    return [graphql_tree.query_json(document), graphql_tree.schema_json(types)]


@builtin("graphql.parse_and_verify", "string|object", "string|object")
def parse_and_verify(query: Value, schema: Value) -> Value:
    """Whether the query is valid, and both trees; two empty objects where it is not."""
    try:
        document, types = _query(query), _schema(schema)
    except BuiltinError:
        return [False, {}, {}]
    if _problem(document, types):
        return [False, {}, {}]
    return [True, graphql_tree.query_json(document), graphql_tree.schema_json(types)]


@builtin("graphql.is_valid", "string|object", "string|object")
def is_valid(query: Value, schema: Value) -> bool:
    """True when the query is valid for the schema."""
    try:
        return not _problem(_query(query), _schema(schema))
    except BuiltinError:
        return False


@builtin("graphql.schema_is_valid", "string|object")
def schema_is_valid(schema: Value) -> bool:
    """True when the schema is one."""
    try:
        return not _schema_problem(_schema(schema))[0]
    except BuiltinError:
        return False


def _query(source: Value) -> Any:
    text = source if type(source) is str else graphql_text.query_text(source)
    if not text.strip():
        import graphql

        return graphql.DocumentNode(definitions=())  # to gqlparser, a query without operations
    return _parsed(text, executable=True)


def _schema(source: Value) -> Any:
    return _parsed(source if type(source) is str else graphql_text.schema_text(source), executable=False)


def _parsed(text: str, *, executable: bool) -> Any:
    """The document, if all its definitions are executable, or none of them."""
    import graphql

    try:
        document = graphql.parse(
            text, max_tokens=MAX_TOKENS, experimental_fragment_arguments=True, allow_empty_selection_sets=False
        )
    except graphql.GraphQLError as error:
        if "Parsing aborted" in error.message:
            raise LimitError(f"the GraphQL document is too deep or has more than {MAX_TOKENS} tokens") from error
        raise BuiltinError("the GraphQL document does not parse") from error
    except RecursionError as error:
        raise LimitError("the GraphQL document is nested too deeply") from error
    if any((one.kind in EXECUTABLE) is not executable for one in document.definitions):
        raise BuiltinError("the GraphQL document holds definitions of another kind")
    return document


def _problem(query: Any, schema: Any) -> str:
    import graphql

    problem, types = _schema_problem(schema)
    if problem:
        return problem
    try:
        found = graphql.validate(types, query, max_errors=20)
    except RecursionError as error:
        raise LimitError("the GraphQL document is nested too deeply") from error
    if any("aborted" in one.message for one in found):
        raise LimitError("the GraphQL document takes too long to validate")  # not the same as not valid
    return "the query is not valid for the schema" if found else ""


def _schema_problem(document: Any) -> tuple[str, Any]:
    """What is wrong with the schema, or nothing and its types; extensions may stand alone, as in gqlparser."""
    import graphql
    from graphql.validation.validate import validate_sdl

    document = _complete(document)
    try:
        if validate_sdl(document):
            return "the schema is not valid", None
        types = graphql.build_ast_schema(document, assume_valid_sdl=True)
        found = graphql.validate_schema(types)
    except (graphql.GraphQLError, TypeError, ValueError) as error:
        return f"the schema is not valid: {type(error).__name__}", None
    except RecursionError as error:
        raise LimitError("the GraphQL document is nested too deeply") from error
    if [one for one in found if "Query root type must be provided" not in one.message]:
        return "the schema is not valid", None
    if found:
        types = graphql.build_ast_schema(document, assume_valid=True, assume_valid_sdl=True)
    return "", types


def _complete(document: Any) -> Any:
    """The document with a definition in the place of each extension of a type that is not defined."""
    import graphql

    defined = {one.name.value for one in document.definitions if one.kind.endswith("_type_definition")}
    changed = []
    for one in document.definitions:
        if one.kind.endswith("_type_extension") and one.name.value not in defined:
            defined.add(one.name.value)
            name = type(one).__name__.replace("Extension", "Definition")
            members = {key: getattr(one, key) for key in one.keys if key not in {"kind"}}
            changed.append(getattr(graphql, name)(**members))
        else:
            changed.append(one)
    return graphql.DocumentNode(definitions=tuple(changed))
