"""Takes the commands out of a page, and compares what they print with what the page shows.

Blocks marked `sh` are run in order in one shell, so `cd` lasts. A block marked `console` that follows one is the
stdout of it: ids and times are replaced on both sides, and `...` stands for anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "@@ end of block @@"
# A finding or a denial (1) is an answer; anything above it is a failure of the page.
BEGIN = 'set -uo pipefail\ntrap \'code=$?; [ "$code" -le 1 ] || exit "$code"\' ERR\n'

_CHANGES = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "ID"),
    (re.compile(r"\bd-[0-9a-f]{20}\b"), "d-ID"),
    (re.compile(r"\brules [0-9a-f]{12}\b"), "rules ID"),
    (re.compile(r"\bv1:[0-9a-f]{32}\b"), "v1:ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?"), "TIME"),
)


@dataclass(frozen=True)
class Block:
    """Commands, and what the page says they print; None when it does not say."""

    commands: str
    shown: str | None


def blocks(page: str) -> list[Block]:
    """The `sh` blocks of a page in order."""
    found: list[Block] = []
    shows = False
    for language, text in FENCE.findall(page):
        if language == "sh":
            found.append(Block(text, None))
        elif language == "console":
            assert shows, "a `console` block follows no `sh` block"
            found[-1] = Block(found[-1].commands, text)
        shows = language == "sh"
    return found


def script(page: list[Block]) -> str:
    """One bash script of all blocks, with a mark after each."""
    return BEGIN + "".join(f"{block.commands}\necho '{MARK}'\n" for block in page)


def agrees(shown: str, printed: str) -> bool:
    """Whether what was printed is what the page shows."""
    pattern = re.escape(stable(shown).strip()).replace(re.escape("..."), ".*?")
    return re.fullmatch(pattern, stable(printed).strip(), re.DOTALL) is not None


def stable(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, replacement in _CHANGES:
        text = pattern.sub(replacement, text)
    return text
