"""regex.*: RE2 syntax, linear time; see `guard.policy.rego.re2`."""

from __future__ import annotations

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError, LimitError, OperandError
from guard.policy.rego.numbers import Number, integer
from guard.policy.rego.re2 import Pattern, PatternError, compile_pattern
from guard.policy.rego.text import MAX_TEXT
from guard.policy.rego.values import Value


def pattern_of(name: str, text: str) -> Pattern:
    """The compiled pattern."""
    try:
        return compile_pattern(text)
    except PatternError as error:
        raise BuiltinError(f"`{name}`: {error}") from error


@builtin("regex.is_valid", "any")
def is_valid(value: Value) -> bool:
    """True for a string that is a pattern in RE2 syntax."""
    if type(value) is not str:
        return False
    try:
        compile_pattern(value)
    except PatternError:
        return False
    return True


@builtin("regex.match", "string", "string")
def match(pattern: str, text: str) -> bool:
    """True when the pattern matches anywhere in the text."""
    return pattern_of("regex.match", pattern).search(text) is not None


@builtin("re_match", "string", "string")
def re_match(pattern: str, text: str) -> bool:
    """`regex.match` (deprecated in Rego v1)."""
    return pattern_of("re_match", pattern).search(text) is not None


@builtin("regex.split", "string", "string")
def split(pattern: str, text: str) -> list[str]:
    """The parts between matches, as Go's `Split`."""
    compiled = pattern_of("regex.split", pattern)
    if pattern and not text:
        return [""]
    parts: list[str] = []
    begin = end = 0
    for found in compiled.find_all(text):
        if found[1] == 0:
            continue
        end = found[0]
        parts.append(text[begin:end])
        begin = found[1]
    if end != len(text):
        parts.append(text[begin:])
    return parts


def _limit(name: str, number: Number) -> int:
    found = integer(number)
    if found is None:
        raise OperandError(f"`{name}`: operand 3 must be an integer")
    return found


@builtin("regex.find_n", "string", "string", "number")
def find_n(pattern: str, text: str, number: Number) -> list[str]:
    """The first matches; all when the number is negative."""
    compiled = pattern_of("regex.find_n", pattern)
    return [text[found[0] : found[1]] for found in compiled.find_all(text, _limit("regex.find_n", number))]


@builtin("regex.find_all_string_submatch_n", "string", "string", "number")
def find_all_string_submatch_n(pattern: str, text: str, number: Number) -> list[list[str]]:
    """The first matches with their groups; a group that took no part is empty."""
    name = "regex.find_all_string_submatch_n"
    compiled = pattern_of(name, pattern)
    return [
        [text[found[n] : found[n + 1]] if found[n] >= 0 else "" for n in range(0, len(found), 2)]
        for found in compiled.find_all(text, _limit(name, number))
    ]


@builtin("regex.replace", "string", "string", "string")
def replace(text: str, pattern: str, value: str) -> str:
    """Every match becomes the value, in which `$1` and `${name}` stand for groups."""
    compiled = pattern_of("regex.replace", pattern)
    parts: list[str] = []
    position = size = 0
    for found in compiled.find_all(text):
        parts += [text[position : found[0]], _expand(value, text, found, compiled)]
        size += len(parts[-1]) + len(parts[-2])
        if size > MAX_TEXT:
            raise LimitError("`regex.replace` makes a text that is too long")
        position = found[1]
    return "".join([*parts, text[position:]])


def _expand(template: str, text: str, found: tuple[int, ...], compiled: Pattern) -> str:
    """Go's `Expand`."""
    parts: list[str] = []
    position = 0
    while (dollar := template.find("$", position)) >= 0:
        parts.append(template[position:dollar])
        position = dollar + 1
        if template[position : position + 1] == "$":
            parts.append("$")
            position += 1
            continue
        name, end = _reference(template, position)
        if not name:
            parts.append("$")
            continue
        number = int(name) if name.isdecimal() else compiled.names.get(name, -1)
        if 0 <= number <= compiled.groups and found[2 * number] >= 0:
            parts.append(text[found[2 * number] : found[2 * number + 1]])
        position = end
    return "".join([*parts, template[position:]])


def _reference(template: str, position: int) -> tuple[str, int]:
    braces = template[position : position + 1] == "{"
    start = position + braces
    end = start
    while end < len(template) and (template[end].isalnum() or template[end] == "_") and end - start < 64:
        end += 1
    if braces and template[end : end + 1] != "}":
        return "", position
    return template[start:end], end + braces


@builtin("regex.template_match", "string", "string", "string", "string")
def template_match(template: str, text: str, opening: str, closing: str) -> bool:
    """True when the text matches the template: plain but for patterns between the delimiters."""
    if len(opening) != 1 or len(closing) != 1:
        raise BuiltinError("`regex.template_match`: a delimiter must be one character")
    parts: list[str] = []
    depth, start = 0, 0
    for position, character in enumerate(template):
        if character == opening:
            if depth == 0:
                parts.append(_quoted(template[start:position]))
                start = position + 1
            depth += 1
        elif character == closing:
            depth -= 1
            if depth == 0:
                parts.append(f"({template[start:position]})")
                start = position + 1
            if depth < 0:
                raise BuiltinError("`regex.template_match`: unbalanced braces")
    if depth:
        raise BuiltinError("`regex.template_match`: unbalanced braces")
    parts.append(_quoted(template[start:]))
    return pattern_of("regex.template_match", f"^{''.join(parts)}$").search(text) is not None


def _quoted(text: str) -> str:
    return "".join([f"\\{c}" if c in "\\.+*?()|[]{}^$" else c for c in text])
