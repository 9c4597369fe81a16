"""Lines of Python, and what can be said about them."""

from __future__ import annotations

from typing import TypeAlias

Lines: TypeAlias = list[str]


def indent(lines: Lines) -> Lines:
    """The lines one level further in."""
    return [f" {line}" for line in lines]


def ends(lines: Lines) -> bool:
    """True when the last line leaves in any case."""
    return (
        bool(lines)
        and not lines[-1].startswith((" ", "if ", "elif "))
        and lines[-1].split("; ")[-1].split(" ")[0] in {"break", "continue", "return"}
    )


def chunks(numbers: list[int]) -> list[list[int]]:
    """The numbers in groups that fit a line."""
    return [numbers[start : start + 20] for start in range(0, len(numbers), 20)]
