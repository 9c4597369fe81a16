"""semver.*: semantic versions 2.0.0 (semver.org)."""

from __future__ import annotations

import re
from typing import Final

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.values import Value

_NUMBER: Final = r"(?:0|[1-9]\d{0,18})"
_IDENTIFIERS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?", re.ASCII)


def _parse(text: str) -> tuple[tuple[int, int, int], list[str]] | None:
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    return (int(match[1]), int(match[2]), int(match[3])), match[4].split(".") if match[4] else []


@builtin("semver.is_valid", "any")
def is_valid(value: Value) -> bool:
    """True for a string that is a semantic version."""
    return type(value) is str and _parse(value) is not None


@builtin("semver.compare", "string", "string")
def compare(a: str, b: str) -> int:
    """-1, 0 or 1 by precedence (section 11 of the specification)."""
    left, right = _parse(a), _parse(b)
    if left is None or right is None:
        raise BuiltinError(f"`semver.compare`: operand {1 if left is None else 2} is not a semantic version")
    if left[0] != right[0]:
        return -1 if left[0] < right[0] else 1
    return _compare_releases(left[1], right[1])


def _compare_releases(a: list[str], b: list[str]) -> int:
    if not a or not b:
        return bool(b) - bool(a) if not (a and b) and (a or b) else 0
    for left, right in zip(a, b, strict=False):
        if left == right:
            continue
        if left.isdigit() and right.isdigit():
            return -1 if int(left) < int(right) else 1
        if left.isdigit() != right.isdigit():
            return -1 if left.isdigit() else 1
        return -1 if left < right else 1
    return (len(a) > len(b)) - (len(a) < len(b))
