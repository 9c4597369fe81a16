"""Values as text: JSON as `json.marshal` writes it, and Rego's own notation as `%v` shows it."""

from __future__ import annotations

import json
from typing import Final

from guard.policy.rego.errors import LimitError
from guard.policy.rego.numbers import number_text
from guard.policy.rego.values import NUMBERS, Value, alien, sort_values, sorted_elements, sorted_keys, unembed

MAX_TEXT: Final = 1 << 24  # characters that one builtin may make


def bounded_text(text: str) -> str:
    """The text itself, unless it is too long to go on with."""
    if len(text) > MAX_TEXT:
        raise LimitError("a builtin made a text longer than it may")
    return text


def quote(text: str) -> str:
    """A JSON string as Go's encoder writes it, without escaping for HTML."""
    return json.dumps(text, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def go_json_quote(text: str) -> str:
    """A JSON string as Go's `json.Marshal` writes it, with `<`, `>` and `&` escaped."""
    return quote(text).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def json_text(value: Value) -> str:
    """Compact JSON; objects by key, sets as arrays."""
    kind = type(value)
    if kind is str:
        return go_json_quote(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind in NUMBERS:
        return number_text(value)
    if kind is list:
        return f"[{','.join([json_text(item) for item in value])}]"
    if kind is dict:
        return "{" + ",".join([f"{key}:{json_text(item)}" for key, item in json_items(value)]) + "}"
    if kind is set:
        return json_text(sorted_elements(value))
    raise alien(value)


def json_items(obj: dict[object, Value]) -> list[tuple[str, Value]]:
    """Keys as JSON strings, sorted by their text, with their values."""
    texts = []
    for key, value in obj.items():
        plain = unembed(key)
        texts.append((plain if type(plain) is str else json_text(plain), value))
    return [(go_json_quote(key), value) for key, value in sorted(texts, key=lambda pair: pair[0])]


def rego_text(value: Value) -> str:
    """Rego's notation: `{"a": 1}`, `{1, 2}`, `set()`."""
    kind = type(value)
    if kind is str:
        return quote(value)
    if kind is list:
        return f"[{', '.join([rego_text(item) for item in value])}]"
    if kind is dict:
        return (
            "{" + ", ".join([f"{rego_text(unembed(key))}: {rego_text(value[key])}" for key in sorted_keys(value)]) + "}"
        )
    if kind is set:
        return (
            f"{{{', '.join([rego_text(item) for item in sort_values(sorted_elements(value))])}}}" if value else "set()"
        )
    return json_text(value)
