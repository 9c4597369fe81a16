"""base64, base64url, hex, JSON, YAML and URL queries."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import quote_plus, unquote_to_bytes

from guard.policy.rego.builtins.registry import builtin, wrong_type
from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.text import bounded_text, go_json_quote, json_items, json_text
from guard.policy.rego.values import Value, sorted_elements, unembed

_BASE64 = re.compile(r"[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*")
_BASE64URL = re.compile(r"[A-Za-z0-9_\-\r\n]*={0,2}[\r\n]*")
_STRAY = re.compile("[\udc80-\udcff]")


def text_of(octets: bytes) -> str:
    """Octets as text; each that is not UTF-8 becomes a replacement character, as when OPA prints it."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:  # Python's "replace" makes one of several octets
        return _STRAY.sub("\ufffd", octets.decode("utf-8", "surrogateescape"))


def octets_of(text: str) -> bytes:
    """UTF-8 of a text."""
    return text.encode("utf-8", "surrogatepass")


@builtin("base64.encode", "string")
def base64_encode(text: str) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(octets_of(text)).decode()


def strict_base64(text: str) -> bytes:
    """The octets of standard base64 with padding."""
    plain = text.replace("\r", "").replace("\n", "")
    if len(plain) % 4 or not _BASE64.fullmatch(text):
        raise BuiltinError("`base64.decode`: illegal base64 data")
    return base64.b64decode(plain)


@builtin("base64.decode", "string")
def base64_decode(text: str) -> str:
    """The text of standard base64."""
    return text_of(strict_base64(text))


@builtin("base64.is_valid", "string")
def base64_is_valid(text: str) -> bool:
    """True when the text is standard base64."""
    try:
        strict_base64(text)
    except BuiltinError:
        return False
    return True


@builtin("base64url.encode", "string")
def base64url_encode(text: str) -> str:
    """URL-safe base64 with padding."""
    return base64.urlsafe_b64encode(octets_of(text)).decode()


@builtin("base64url.encode_no_pad", "string")
def base64url_encode_no_pad(text: str) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(octets_of(text)).decode().rstrip("=")


def base64url_octets(text: str) -> bytes:
    """The octets of URL-safe base64, with or without padding."""
    plain = text.replace("\r", "").replace("\n", "")
    bare = plain.rstrip("=")
    if not _BASE64URL.fullmatch(text) or len(bare) % 4 == 1 or (bare != plain and len(plain) % 4):
        raise BuiltinError("`base64url.decode`: illegal base64 data")
    return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))


@builtin("base64url.decode", "string")
def base64url_decode(text: str) -> str:
    """The text of URL-safe base64."""
    return text_of(base64url_octets(text))


@builtin("hex.encode", "string")
def hex_encode(text: str) -> str:
    """Two lower-case digits for each octet."""
    return octets_of(text).hex()


@builtin("hex.decode", "string")
def hex_decode(text: str) -> str:
    """The text of hexadecimal digits."""
    try:
        return text_of(binascii.unhexlify(octets_of(text)))
    except (binascii.Error, ValueError) as error:
        raise BuiltinError("`hex.decode`: invalid hexadecimal data") from error


@builtin("json.marshal", "any")
def json_marshal(value: Value) -> str:
    """Compact JSON, keys sorted."""
    return bounded_text(json_text(value))


@builtin("json.marshal_with_options", "any", "object")
def json_marshal_with_options(value: Value, options: dict[Any, Value]) -> str:
    """JSON with options `pretty`, `indent` (default one tab) and `prefix`."""
    for key, kind in options.items():
        wanted = {"pretty": bool, "indent": str, "prefix": str}.get(key)
        if wanted is None or type(kind) is not wanted:
            raise BuiltinError(
                "`json.marshal_with_options`: object contained an unknown key or a value of the wrong type",
                kind="eval_type_error",
            )
    pretty = options.get("pretty", "indent" in options or "prefix" in options)
    if not pretty:
        return json_marshal.function(value)  # type: ignore[no-any-return]  # a builtin's function is untyped
    prefix = options.get("prefix", "")
    text = _indented(value, options.get("indent", "\t"), 0)
    return bounded_text("\n".join([prefix + line for line in text.split("\n")]))


def _indented(value: Value, indent: str, depth: int) -> str:
    inner, outer = "\n" + indent * (depth + 1), "\n" + indent * depth
    if type(value) is dict and value:
        kept = {go_json_quote(k if type(k) is str else json_text(unembed(k))): v for k, v in value.items()}
        lines = [f"{key}: {_indented(kept[key], indent, depth + 1)}" for key, _ in json_items(value)]
        return "{" + inner + ("," + inner).join(lines) + outer + "}"
    if (type(value) is list or type(value) is set) and value:
        found = value if type(value) is list else sorted_elements(value)
        return "[" + inner + ("," + inner).join([_indented(item, indent, depth + 1) for item in found]) + outer + "]"
    return json_text(value)


def read_json(text: str) -> Value:
    """A JSON text as a Rego value; numbers exact, one spelling of each literal.

    Raises:
        BuiltinError: not JSON.
    """
    import json

    from guard.policy.rego.numbers import NumberTextError, parse_number

    def refuse(_text: str) -> Value:
        raise ValueError("no such literal in JSON")

    try:
        return json.loads(text, parse_float=parse_number, parse_int=parse_number, parse_constant=refuse)
    except (ValueError, RecursionError, NumberTextError) as error:
        raise BuiltinError("`json.unmarshal`: invalid JSON") from error


@builtin("json.unmarshal", "string")
def json_unmarshal(text: str) -> Value:
    """The value of a JSON text."""
    return read_json(text)


@builtin("json.is_valid", "any")
def json_is_valid(value: Value) -> bool:
    """True for a string that is JSON."""
    if type(value) is not str:
        return False
    try:
        read_json(value)
    except BuiltinError:
        return False
    return True


def read_yaml(text: str) -> Value:
    """A YAML document as a Rego value; YAML 1.2's reading of booleans, no tags, no aliases that multiply."""
    import yaml

    from guard.policy.rego.builtins.yaml_text import JsonLoader

    try:
        return JsonLoader(text).get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BuiltinError("`yaml.unmarshal`: invalid YAML") from error


@builtin("yaml.unmarshal", "string")
def yaml_unmarshal(text: str) -> Value:
    """The value of a YAML text."""
    return read_yaml(text)


@builtin("yaml.is_valid", "any")
def yaml_is_valid(value: Value) -> bool:
    """True for a string that is YAML."""
    if type(value) is not str:
        return False
    try:
        read_yaml(value)
    except BuiltinError:
        return False
    return True


@builtin("yaml.marshal", "any")
def yaml_marshal(value: Value) -> str:
    """YAML, keys sorted."""
    from guard.policy.rego.builtins.yaml_text import dump
    from guard.policy.rego.runtime import to_json

    return bounded_text(dump(to_json(value, [1_000_000])))


@builtin("urlquery.encode", "string")
def urlquery_encode(text: str) -> str:
    """For use in the query of a URL."""
    return quote_plus(text, safe="")


def query_unescape(text: str) -> str:
    """The text of a query component."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise BuiltinError("`urlquery.decode`: invalid URL escape")
    return text_of(unquote_to_bytes(text.replace("+", " ")))


@builtin("urlquery.decode", "string")
def urlquery_decode(text: str) -> str:
    """The reverse of `urlquery.encode`."""
    return query_unescape(text)


@builtin("urlquery.encode_object", "object")
def urlquery_encode_object(obj: dict[Any, Value]) -> str:
    """A query of the keys, sorted, each with a string or with strings."""
    parts = []
    for key in sorted(obj, key=lambda item: item if type(item) is str else ""):
        if type(key) is not str:
            raise BuiltinError("`urlquery.encode_object`: keys must be strings", kind="eval_type_error")
        value = obj[key]
        values = [value] if type(value) is str else sorted_elements(value) if type(value) is set else value
        if type(values) is not list:
            raise wrong_type("urlquery.encode_object", 1, "string|array|set", value)
        for item in values:
            if type(item) is not str:
                raise wrong_type("urlquery.encode_object", 1, "string", item)
            parts.append(f"{quote_plus(key, safe='')}={quote_plus(item, safe='')}")
    return "&".join(parts)


@builtin("urlquery.decode_object", "string")
def urlquery_decode_object(text: str) -> dict[str, list[str]]:
    """The keys of a query with the arrays of their values."""
    found: dict[str, list[str]] = {}
    for part in text.split("&"):
        if not part:
            continue
        if ";" in part:
            raise BuiltinError("`urlquery.decode_object`: invalid semicolon separator in query")
        key, _, value = part.partition("=")
        found.setdefault(query_unescape(key), []).append(query_unescape(value))
    return found
