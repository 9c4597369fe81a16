"""Strings: search, cut, join, replace. Positions count characters (Unicode code points)."""

from __future__ import annotations

from typing import Final

from guard.policy.rego.builtins.aggregates import items
from guard.policy.rego.builtins.registry import builtin, wrong_element, wrong_type
from guard.policy.rego.errors import BuiltinError, LimitError, OperandError
from guard.policy.rego.numbers import Number, integer
from guard.policy.rego.text import MAX_TEXT, bounded_text
from guard.policy.rego.values import Value, sort_values

SPACE: Final = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Go's unicode.IsSpace takes for space."""


def strings_of(name: str, position: int, collection: Value) -> list[str]:
    """The strings of an array (in order) or set (sorted); one string stands for itself alone."""
    if type(collection) is str:
        return [collection]
    found: list[str] = collection if type(collection) is list else sort_values(items(collection))
    for item in found:
        if type(item) is not str:
            raise wrong_element(name, position, "array" if type(collection) is list else "set", "string", item)
    return found


@builtin("startswith", "string", "string")
def startswith(text: str, prefix: str) -> bool:
    """True when the text begins with the prefix."""
    return text.startswith(prefix)


@builtin("endswith", "string", "string")
def endswith(text: str, suffix: str) -> bool:
    """True when the text ends with the suffix."""
    return text.endswith(suffix)


@builtin("contains", "string", "string")
def contains(text: str, part: str) -> bool:
    """True when the part stands in the text."""
    return part in text


@builtin("concat", "any", "any")
def concat(separator: Value, collection: Value) -> str:
    """The strings with the separator between them; a set is joined in order."""
    if type(separator) is not str:
        raise wrong_type("concat", 1, "string", separator)
    if type(collection) is not list and type(collection) is not set:
        raise wrong_type("concat", 2, "array|set", collection)
    parts = strings_of("concat", 2, collection)
    if len(parts) > 8 and sum(map(len, parts)) + len(separator) * len(parts) > MAX_TEXT:
        raise LimitError("`concat` makes a text that is too long")
    text = separator.join(parts)
    return text if len(text) <= MAX_TEXT else bounded_text(text)


@builtin("indexof", "string", "string")
def indexof(text: str, part: str) -> int:
    """The first position of the part, or -1."""
    if not part:
        raise BuiltinError("`indexof`: empty search character")
    return text.find(part)


@builtin("indexof_n", "string", "string")
def indexof_n(text: str, part: str) -> list[int]:
    """All positions of the part, overlapping ones too."""
    if not part:
        raise BuiltinError("`indexof_n`: empty search character")
    found = []
    position = text.find(part)
    while position >= 0:
        found.append(position)
        position = text.find(part, position + 1)
    return found


@builtin("substring", "string", "number", "number")
def substring(text: str, offset: Number, length: Number) -> str:
    """`length` characters from `offset` on; all of them when the length is negative."""
    start, count = integer(offset), integer(length)
    if start is None or count is None:
        raise OperandError("`substring`: operands 2 and 3 must be integers")
    if start < 0:
        raise BuiltinError("`substring`: negative offset")
    return text[start:] if count < 0 else text[start : start + count]


@builtin("lower", "string")
def lower(text: str) -> str:
    """In lower case, character by character as Go does it."""
    return (
        "".join([character.lower() if character != "İ" else "i̇"[0] for character in text])
        if not text.isascii()
        else text.lower()
    )


@builtin("upper", "string")
def upper(text: str) -> str:
    """In upper case, character by character as Go does it."""
    if text.isascii():
        return text.upper()
    return "".join([up if len(up := character.upper()) == 1 else character for character in text])


@builtin("split", "string", "string")
def split(text: str, separator: str) -> list[str]:
    """The parts between separators; the characters when it is empty."""
    return text.split(separator) if separator else list(text)


@builtin("strings.split_n", "string", "string", "number")
def split_n(text: str, separator: str, number: Number) -> list[str]:
    """At most `number` parts; the last holds the rest. A negative number is no limit, 0 gives none."""
    limit = integer(number)
    if limit is None:
        raise OperandError("`strings.split_n`: operand 3 must be an integer")
    if limit == 0:
        return []
    if not separator:
        parts = list(text)
        return parts if limit < 0 or len(parts) <= limit else [*parts[: limit - 1], "".join(parts[limit - 1 :])]
    return text.split(separator, limit - 1 if limit > 0 else -1)


@builtin("replace", "string", "string", "string")
def replace(text: str, old: str, new: str) -> str:
    """Every occurrence of old becomes new."""
    if (text.count(old) if old else len(text) + 1) * len(new) > MAX_TEXT:
        raise LimitError("`replace` makes a text that is too long")
    return text.replace(old, new)


@builtin("strings.replace_n", "object", "string")
def replace_n(patterns: dict[str, Value], text: str) -> str:
    """Replaces several strings in one pass: at each position the first key that matches, in the order of the keys."""
    for key, value in patterns.items():
        if type(key) is not str or type(value) is not str:
            raise OperandError("`strings.replace_n`: operand 1 must be an object of strings")
    keys = sorted(patterns)
    found: list[str] = []
    position = 0
    while position < len(text):
        key = next((key for key in keys if key and text.startswith(key, position)), "")
        if not key:
            found.append(text[position])
            position += 1
        else:
            found.append(patterns[key])
            position += len(key)
    if sum(map(len, found)) > MAX_TEXT:
        raise LimitError("`strings.replace_n` makes a text that is too long")
    return "".join(found)


@builtin("strings.reverse", "string")
def reverse(text: str) -> str:
    """Back to front, character by character."""
    return text[::-1]


@builtin("strings.count", "string", "string")
def count(text: str, part: str) -> int:
    """How often the part occurs without overlap."""
    return text.count(part)


@builtin("strings.any_prefix_match", "string|array|set", "string|array|set")
def any_prefix_match(texts: Value, prefixes: Value) -> bool:
    """True when any of the texts begins with any of the prefixes."""
    wanted = tuple(strings_of("strings.any_prefix_match", 2, prefixes))
    return any(text.startswith(wanted) for text in strings_of("strings.any_prefix_match", 1, texts))


@builtin("strings.any_suffix_match", "string|array|set", "string|array|set")
def any_suffix_match(texts: Value, suffixes: Value) -> bool:
    """True when any of the texts ends with any of the suffixes."""
    wanted = tuple(strings_of("strings.any_suffix_match", 2, suffixes))
    return any(text.endswith(wanted) for text in strings_of("strings.any_suffix_match", 1, texts))


@builtin("trim", "string", "string")
def trim(text: str, characters: str) -> str:
    """Without the characters at both ends."""
    return text.strip(characters) if characters else text


@builtin("trim_left", "string", "string")
def trim_left(text: str, characters: str) -> str:
    """Without the characters at the start."""
    return text.lstrip(characters) if characters else text


@builtin("trim_right", "string", "string")
def trim_right(text: str, characters: str) -> str:
    """Without the characters at the end."""
    return text.rstrip(characters) if characters else text


@builtin("trim_prefix", "string", "string")
def trim_prefix(text: str, prefix: str) -> str:
    """Without the prefix, if it is there."""
    return text.removeprefix(prefix)


@builtin("trim_suffix", "string", "string")
def trim_suffix(text: str, suffix: str) -> str:
    """Without the suffix, if it is there."""
    return text.removesuffix(suffix)


@builtin("trim_space", "string")
def trim_space(text: str) -> str:
    """Without space at both ends."""
    return text.strip(SPACE)


@builtin("internal.template_string", "array")
def template_string(parts: list[Value]) -> str:
    """The value of `$"..."`: constants as they are, each expression as a set of no or one value."""
    from guard.policy.rego.text import rego_text

    found = []
    for part in parts:
        values = items(part) if type(part) is set else [part]
        if len(values) > 1:
            raise BuiltinError("a template string got more than one value for an expression")
        value = values[0] if values else "<undefined>"
        found.append(value if type(value) is str else rego_text(value))
    return bounded_text("".join(found))
