"""How acceptance says no: a stable code, the place in the text, and the cure."""

from __future__ import annotations

from sqlglot import exp

from guard.errors import GuardError


class Refusal(GuardError):  # noqa: N818 - the word of the domain: the query is refused, nothing broke
    """A statement that cannot be answered privately, or not surely rightly.

    `reason` is a stable code (`dp-join-unit`); `start` and `end` are the half-open span of the text that it is about,
    in characters, both 0 where it is about the whole. The message holds names only, never a literal.
    """

    code = "dp-refused"
    exit_code = 1
    http_status = 422

    def __init__(self, reason: str, message: str, *, help: str, node: exp.Expr | None = None) -> None:  # noqa: A002
        super().__init__(message, help=help)
        self.reason = reason
        self.start, self.end = span(node)

    @property
    def where(self) -> str:
        """The span as people read it."""
        return f"characters {self.start} to {self.end}" if self.end else "the statement"


def span(node: exp.Expr | None) -> tuple[int, int]:
    """The half-open span of the tokens below `node`, as far as the parser kept their places."""
    if node is None:
        return 0, 0
    # The default size of a type is read from a text of its own: its places are those of that text.
    below = node.walk(prune=lambda each: isinstance(each, exp.DataType))
    places = [each.meta for each in below if "start" in each.meta]
    if not places:
        return 0, 0
    return min(place["start"] for place in places), max(place["end"] for place in places) + 1
