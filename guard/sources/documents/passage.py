"""What a document is read into."""

from __future__ import annotations

from guard.model import Value


class Passage(Value, frozen=True):
    """A paragraph, a cell or a line, and where it stands: `page 3`, `Sheet1!B7`, `slide 2`, `paragraph 14`."""

    place: str
    text: str


class Extracted(Value, frozen=True):
    """All passages of a document; `unread` says what of it holds no text that can be read."""

    passages: tuple[Passage, ...]
    unread: str = ""
