"""json.match_schema and json.verify_schema: JSON Schema draft 7 without references to elsewhere."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from guard.policy.rego.builtins.encoding import read_json
from guard.policy.rego.builtins.registry import builtin, wrong_type
from guard.policy.rego.errors import BuiltinError, LimitError
from guard.policy.rego.re2 import PatternError, compile_pattern
from guard.policy.rego.values import NUMBERS, Value, embed, equal, sort_values, sorted_keys, type_name

TYPES: Final = ("array", "boolean", "integer", "number", "null", "object", "string")
MAX_DEPTH: Final = 64
_KNOWN_AS_SCHEMA: Final = (
    "additionalItems",
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
)


class Problem(NamedTuple):
    """What does not fit: where, which keyword, in words."""

    field: str
    kind: str
    text: str


class SchemaError(ValueError):
    """The schema itself is not valid."""


def _document(name: str, position: int, value: Value) -> Value:
    if type(value) is str:
        return read_json(value)
    if type(value) is not dict:
        raise wrong_type(name, position, "string|object", value)
    return value


@builtin("json.verify_schema", "any")
def verify_schema(value: Value) -> list[Value]:
    """[true, null] for a schema, else [false, why]."""
    try:
        _verify(_document("json.verify_schema", 1, value), 0)
    except (SchemaError, BuiltinError) as error:
        return [False, f"jsonschema: {error}"]
    return [True, None]


@builtin("json.match_schema", "any", "any")
def match_schema(document: Value, schema: Value) -> list[Value]:
    """[true, []] for a document that fits, else [false, the problems]."""
    found, rules = _document("json.match_schema", 1, document), _document("json.match_schema", 2, schema)
    try:
        _verify(rules, 0)
        problems = list(_Matcher(rules).match(found, rules, "", 0))
    except SchemaError as error:
        raise BuiltinError(f"`json.match_schema`: {error}") from error
    shown = [
        {"desc": p.text, "error": f"{p.field or '(Root)'}: {p.text}", "field": p.field or "(Root)", "type": p.kind}
        for p in problems
    ]
    return [not shown, sort_values(shown)]


def _verify(schema: Value, depth: int) -> None:
    if type(schema) is bool:
        return
    if type(schema) is not dict or depth > MAX_DEPTH:
        raise SchemaError("schema is invalid")
    kinds = schema.get("type", [])
    for kind in kinds if type(kinds) is list else [kinds]:
        if kind not in TYPES:
            shown = kind if type(kind) is str else type_name(kind)
            raise SchemaError(
                f"has a primitive type that is NOT VALID -- given: /{shown}/ "
                f"Expected valid values are:[{' '.join(TYPES)}]"
            )
    for key in ("properties", "patternProperties", "definitions"):
        for inner in _object(schema, key).values():
            _verify(inner, depth + 1)
    for key in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(key, []):
            _verify(inner, depth + 1)
    for key in _KNOWN_AS_SCHEMA:
        found = schema.get(key, True)
        for inner in found if type(found) is list else [found]:
            _verify(inner, depth + 1)


def _object(schema: Value, key: str) -> dict[Any, Value]:
    found = schema.get(key, {})
    if type(found) is not dict:
        raise SchemaError(f"{key} must be of type object")
    return found


def _kind(value: Value) -> str:
    name = type_name(value)
    if name == "number" and value == math.floor(value):
        return "integer"
    return "array" if name == "set" else name


class _Matcher:
    """One schema document; `$ref` may only point into it."""

    def __init__(self, root: Value) -> None:
        self.root = root

    def match(self, value: Value, schema: Value, field: str, depth: int) -> Iterator[Problem]:
        if depth > MAX_DEPTH:
            raise LimitError("`json.match_schema`: the schema is nested too deeply")
        if schema is True:
            return
        if schema is False:
            yield Problem(field, "false", "False always fails validation")
            return
        if "$ref" in schema:
            yield from self.match(value, self.referenced(schema["$ref"]), field, depth + 1)
            return
        yield from _types(value, schema, field)
        yield from _values(value, schema, field)
        if type(value) in NUMBERS:
            yield from _bounds(value, schema, field)
        elif type(value) is str:
            yield from _texts(value, schema, field)
        elif type(value) is list:
            yield from self.array(value, schema, field, depth)
        elif type(value) is dict:
            yield from self.object(value, schema, field, depth)
        yield from self.combined(value, schema, field, depth)

    def referenced(self, reference: Value) -> Value:
        if type(reference) is not str or not reference.startswith("#"):
            raise SchemaError("remote references are disabled")
        found = self.root
        for part in reference[1:].split("/")[1:]:
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if type(found) is dict else None
        if type(found) not in {dict, bool}:
            raise SchemaError("a reference points nowhere")
        return found

    def fits(self, value: Value, schema: Value, field: str, depth: int) -> bool:
        return next(self.match(value, schema, field, depth + 1), None) is None

    def array(self, value: list[Value], schema: Value, field: str, depth: int) -> Iterator[Problem]:
        items = schema.get("items", True)
        for position, item in enumerate(value):
            inner = items
            if type(items) is list:
                inner = items[position] if position < len(items) else schema.get("additionalItems", True)
            yield from self.match(item, inner, _below(field, str(position)), depth + 1)
        if len(value) < schema.get("minItems", 0):
            yield Problem(field, "array_min_items", f"Array must have at least {schema['minItems']} items")
        if len(value) > schema.get("maxItems", math.inf):
            yield Problem(field, "array_max_items", f"Array must have at most {schema['maxItems']} items")
        if schema.get("uniqueItems") is True and (twins := _twins(value)):
            yield Problem(field, "unique", f"array items[{twins[0]},{twins[1]}] must be unique")
        if "contains" in schema and not any(self.fits(item, schema["contains"], field, depth) for item in value):
            yield Problem(field, "contains", "At least one of the items must match")

    def object(self, value: dict[Any, Value], schema: Value, field: str, depth: int) -> Iterator[Problem]:
        for name in schema.get("required", []):
            if name not in value:
                yield Problem(field, "required", f"{name} is required")
        properties, patterns = _object(schema, "properties"), _object(schema, "patternProperties")
        for key in sorted_keys(value):
            inner = [properties[key]] if key in properties else []
            inner += [rule for pattern, rule in patterns.items() if _matches(pattern, str(key))]
            for rule in inner:
                yield from self.match(value[key], rule, _below(field, str(key)), depth + 1)
            extra = schema.get("additionalProperties", True)
            if not inner and extra is False:
                yield Problem(field, "additional_property_not_allowed", f"Additional property {key} is not allowed")
            elif not inner:
                yield from self.match(value[key], extra, _below(field, str(key)), depth + 1)
        if len(value) < schema.get("minProperties", 0):
            yield Problem(field, "array_min_properties", f"Must have at least {schema['minProperties']} properties")
        if len(value) > schema.get("maxProperties", math.inf):
            yield Problem(field, "array_max_properties", f"Must have at most {schema['maxProperties']} properties")

    def combined(self, value: Value, schema: Value, field: str, depth: int) -> Iterator[Problem]:
        for inner in schema.get("allOf", []):
            yield from self.match(value, inner, field, depth + 1)
        if "anyOf" in schema and not any(self.fits(value, inner, field, depth) for inner in schema["anyOf"]):
            yield Problem(field, "number_any_of", "Must validate at least one schema (anyOf)")
        if "oneOf" in schema and sum(self.fits(value, inner, field, depth) for inner in schema["oneOf"]) != 1:
            yield Problem(field, "number_one_of", "Must validate one and only one schema (oneOf)")
        if "not" in schema and self.fits(value, schema["not"], field, depth):
            yield Problem(field, "number_not", "Must not validate the schema (not)")
        if "if" in schema:
            branch = "then" if self.fits(value, schema["if"], field, depth) else "else"
            yield from self.match(value, schema.get(branch, True), field, depth + 1)


def _twins(array: list[Value]) -> tuple[int, int] | None:
    """The positions of two equal elements, if there are any."""
    seen: dict[Any, int] = {}
    for position, item in enumerate(array):
        first = seen.setdefault(embed(item), position)
        if first != position:
            return first, position
    return None


def _below(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _types(value: Value, schema: Value, field: str) -> Iterator[Problem]:
    wanted = schema.get("type")
    if wanted is None:
        return
    kinds = wanted if type(wanted) is list else [wanted]
    found = _kind(value)
    if found not in kinds and not (found == "integer" and "number" in kinds):
        yield Problem(field, "invalid_type", f"Invalid type. Expected: {','.join(kinds)}, given: {found}")


def _values(value: Value, schema: Value, field: str) -> Iterator[Problem]:
    if "enum" in schema and not any(equal(value, item) for item in schema["enum"]):
        yield Problem(field, "enum", f"{field or '(Root)'} must be one of the allowed values")
    if "const" in schema and not equal(value, schema["const"]):
        yield Problem(field, "const", f"{field or '(Root)'} does not match the allowed value")


_BOUNDS: Final[tuple[tuple[str, str, Callable[[Any, Any], bool], str], ...]] = (
    ("minimum", "number_gte", lambda value, bound: value >= bound, "Must be greater than or equal to"),
    ("exclusiveMinimum", "number_gt", lambda value, bound: value > bound, "Must be greater than"),
    ("maximum", "number_lte", lambda value, bound: value <= bound, "Must be less than or equal to"),
    ("exclusiveMaximum", "number_lt", lambda value, bound: value < bound, "Must be less than"),
    ("multipleOf", "multiple_of", lambda value, bound: value % bound == 0, "Must be a multiple of"),
)


def _bounds(value: Value, schema: Value, field: str) -> Iterator[Problem]:
    for key, kind, holds, text in _BOUNDS:
        if type(schema.get(key)) in NUMBERS and not holds(value, schema[key]):
            yield Problem(field, kind, f"{text} {schema[key]}")


def _texts(value: str, schema: Value, field: str) -> Iterator[Problem]:
    if len(value) < schema.get("minLength", 0):
        yield Problem(field, "string_gte", f"String length must be greater than or equal to {schema['minLength']}")
    if len(value) > schema.get("maxLength", math.inf):
        yield Problem(field, "string_lte", f"String length must be less than or equal to {schema['maxLength']}")
    if "pattern" in schema and not _matches(schema["pattern"], value):
        yield Problem(field, "pattern", f"Does not match pattern '{schema['pattern']}'")
    wanted = _FORMATS.get(schema.get("format", ""))
    if wanted is not None and not wanted.fullmatch(value):
        yield Problem(field, "format", f"Does not match format '{schema['format']}'")


_FORMATS: Final = {
    "date": re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII),
    "date-time": re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII),
    "email": re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}"),
    "ipv4": re.compile(r"(\d{1,3}\.){3}\d{1,3}", re.ASCII),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
}


def _matches(pattern: Value, text: str) -> bool:
    try:
        return compile_pattern(str(pattern)).search(text) is not None
    except PatternError as error:
        raise SchemaError(f"a pattern is invalid: {error}") from error
