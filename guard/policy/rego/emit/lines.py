"""Lines of Python, and what can be said about them."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

Lines: TypeAlias = list[str]
_FLAG: Final = re.compile(r"if n\d+: break")


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


def without_last_flag(lines: Lines) -> Lines:
    """The lines without a last one that only breaks early: what follows is a break anyway."""
    return lines[:-1] if lines and _FLAG.fullmatch(lines[-1]) else lines


def chunks(numbers: list[int]) -> list[list[int]]:
    """The numbers in groups that fit a line."""
    return [numbers[start : start + 20] for start in range(0, len(numbers), 20)]
