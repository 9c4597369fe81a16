"""strings.render_template: the part of Go's text/template that policies use.

Fields, variables, `range`, `if`, `else`, `with`; no functions and no pipelines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError, LimitError
from guard.policy.rego.text import MAX_TEXT, rego_text
from guard.policy.rego.values import NUMBERS, UNDEFINED, Value, sorted_keys, unembed

MAX_DEPTH: Final = 50
_ACTION = re.compile(r"\{\{(-\s)?\s*(.*?)\s*(\s-)?\}\}", re.DOTALL)
_RANGE = re.compile(r"(?:\$(\w+)\s*(?:,\s*\$(\w+)\s*)?:=\s*)?(.+)", re.DOTALL)


@builtin("strings.render_template", "string", "object")
def render_template(template: str, values: dict[Any, Value]) -> str:
    """The template with its actions replaced; a missing field is `<undefined>`."""
    pieces = list(_pieces(template))
    renderer = _Renderer(pieces)
    end = renderer.block(0, values, {"": values}, 0, live=True)
    if end != len(pieces):
        raise BuiltinError("`strings.render_template`: unexpected {{end}} or {{else}}")
    return "".join(renderer.out)


def _pieces(template: str) -> Iterator[tuple[bool, str]]:
    """(is an action, text) one after another; `{{-` and `-}}` trim the text beside them."""
    position, trim = 0, False
    for match in _ACTION.finditer(template):
        text = template[position : match.start()]
        text = text.lstrip() if trim else text
        yield False, text.rstrip() if match[1] else text
        if not match[2].startswith("/*"):
            yield True, match[2]
        position, trim = match.end(), bool(match[3])
    rest = template[position:]
    if "{{" in rest:
        raise BuiltinError("`strings.render_template`: unclosed action")
    yield False, rest.lstrip() if trim else rest


class _Renderer:
    """Walks the pieces; a block that is not `live` is skipped but still read to its end."""

    def __init__(self, pieces: list[tuple[bool, str]]) -> None:
        self.pieces = pieces
        self.out: list[str] = []
        self.size = 0

    def write(self, text: str) -> None:
        self.size += len(text)
        if self.size > MAX_TEXT:
            raise LimitError("`strings.render_template` makes a text that is too long")
        self.out.append(text)

    def block(self, position: int, dot: Value, variables: dict[str, Value], depth: int, *, live: bool) -> int:
        """Renders up to `end` or `else` of this block; returns where that stands."""
        if depth > MAX_DEPTH:
            raise LimitError("`strings.render_template`: blocks are nested too deeply")
        while position < len(self.pieces):
            action, text = self.pieces[position]
            word, _, rest = text.partition(" ")
            if not action:
                if live:
                    self.write(text)
            elif word in {"end", "else"}:
                return position
            elif word in {"if", "with", "range"}:
                position = self.nested(word, rest.strip(), position, dot, variables, depth, live=live)
            elif live:
                self.write(_shown(_value(text, dot, variables)))
            position += 1
        return position

    def nested(
        self, word: str, rest: str, position: int, dot: Value, variables: dict[str, Value], depth: int, *, live: bool
    ) -> int:
        match = _RANGE.fullmatch(rest)
        value = _value(match[3] if match and word == "range" else rest, dot, variables) if live else None
        taken = live and _true(value)
        if word == "range" and taken and match is not None:
            end = position + 1
            for key, item in _items(value):
                inner = dict(variables)
                if match[2]:
                    inner |= {match[1]: key, match[2]: item}
                elif match[1]:
                    inner[match[1]] = item
                end = self.block(position + 1, item, inner, depth + 1, live=True)
        else:
            end = self.block(position + 1, value if word == "with" else dot, dict(variables), depth + 1, live=taken)
        if end >= len(self.pieces):
            raise BuiltinError("`strings.render_template`: a block is not closed")
        if self.pieces[end][1].startswith("else"):
            condition = self.pieces[end][1].removeprefix("else").strip()
            if condition:
                word, _, rest = condition.partition(" ")
                return self.nested(word, rest.strip(), end, dot, variables, depth + 1, live=live and not taken)
            end = self.block(end + 1, dot, dict(variables), depth + 1, live=live and not taken)
            if end >= len(self.pieces):
                raise BuiltinError("`strings.render_template`: a block is not closed")
        return end


def _items(value: Value) -> list[tuple[Value, Value]]:
    if type(value) is dict:
        return [(unembed(key), value[key]) for key in sorted_keys(value)]
    if type(value) is list:
        return list(enumerate(value))
    raise BuiltinError("`strings.render_template`: range over a value that is no collection")


def _true(value: Value) -> bool:
    return value is not UNDEFINED and value is not None and value is not False and value not in ("", 0, [], {})


def _value(text: str, dot: Value, variables: dict[str, Value]) -> Value:
    """A field, a variable or a literal."""
    if text in {"true", "false"}:
        return text == "true"
    if text[:1] in {'"', "-"} or text[:1].isdecimal():
        try:
            return json.loads(text)
        except ValueError as error:
            raise BuiltinError("`strings.render_template`: unsupported action") from error
    match = re.fullmatch(r"(\$\w*)?((?:\.\w+)*|\.)", text)
    if match is None or not text:
        raise BuiltinError("`strings.render_template`: unsupported action")
    if match[1] is not None and match[1][1:] not in variables:
        raise BuiltinError("`strings.render_template`: undefined variable")
    found = dot if match[1] is None else variables[match[1][1:]]
    for name in match[2].split(".")[1:]:
        if name:
            found = found.get(name, UNDEFINED) if type(found) is dict else UNDEFINED
    return found


def _shown(value: Value) -> str:
    if value is UNDEFINED:
        return "<undefined>"
    if type(value) is str:
        return value
    if value is None:
        return "<no value>"
    if type(value) is list:
        return f"[{' '.join([_shown(item) for item in value])}]"
    if type(value) is dict:
        return f"map[{' '.join([f'{_shown(unembed(key))}:{_shown(value[key])}' for key in sorted_keys(value)])}]"
    return rego_text(value) if type(value) in NUMBERS or type(value) is bool else str(value)
