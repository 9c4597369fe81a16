"""Where a parser stands in the tokens of a module: what comes next, and whether a space or a new line is before it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.syntax import Token

Node: TypeAlias = dict[str, Any]
"""A term, an expression, a rule: an object as OPA writes it."""

KEYWORDS: Final = frozenset(
    {"as", "contains", "default", "else", "every", "false", "if", "import", "in", "not"}
    | {"null", "package", "some", "true", "with"}
)
END: Final = Token("end", "", 0, 0)
MAX_DEPTH: Final = 100  # nested terms and bodies


class State(NamedTuple):
    """What going back restores: the token, and how many wildcards have got a name."""

    position: int
    wildcards: int


class Cursor:
    """Reads tokens one by one; `state` may be kept and put back."""

    def __init__(self, name: str, tokens: Sequence[Token], wildcards: int = 0, depth: int = 0) -> None:
        self.name = name
        self.tokens = tokens
        self.state = State(0, wildcards)
        self.depth = depth

    @property
    def token(self) -> Token:
        """The token that comes next."""
        position = self.state.position
        return self.tokens[position] if position < len(self.tokens) else END

    def text(self) -> str:
        """Its text, when it is a mark; empty for anything else."""
        return self.token.text if self.token.kind == "mark" else ""

    def advance(self) -> Token:
        """Steps over it."""
        token = self.token
        self.state = self.state._replace(position=self.state.position + 1)
        return token

    def take(self, mark: str) -> bool:
        """Steps over the mark, if it comes next."""
        if self.text() != mark:
            return False
        self.advance()
        return True

    def expect(self, mark: str) -> None:
        """Steps over the mark, which must come next."""
        if not self.take(mark):
            raise self.illegal(f"expected `{mark}`")

    def adjacent(self) -> bool:
        """True when nothing, not even a space, is before the next token."""
        position = self.state.position
        if not 0 < position < len(self.tokens):
            return False
        before = self.tokens[position - 1]
        return before.start + len(before.text) == self.token.start

    def on_new_line(self) -> bool:
        """True when the next token stands on another line than the one before ends on."""
        position = self.state.position
        if not 0 < position < len(self.tokens):
            return True
        before = self.tokens[position - 1]
        return self.token.line > before.line + before.text.count("\n")

    def at_keyword(self, *words: str) -> bool:
        """True for one of the keywords; `if.x` and `if[x]` are references, not keywords."""
        return self.token.kind == "name" and self.token.text in words and not self._begins_reference()

    def at_name(self) -> bool:
        """True for a name that is no keyword here."""
        return self.token.kind == "name" and (self.token.text not in KEYWORDS or self._begins_reference())

    def _begins_reference(self) -> bool:
        following = self.tokens[self.state.position + 1 : self.state.position + 2]
        token = self.token
        return (
            bool(following) and following[0].text in {".", "["} and following[0].start == token.start + len(token.text)
        )

    def variable(self) -> Node:
        """The name that comes next; each wildcard gets a name of its own."""
        text = self.advance().text
        if text == "_":
            text = f"${self.state.wildcards}"
            self.state = self.state._replace(wildcards=self.state.wildcards + 1)
        return {"type": "var", "value": text}

    def deeper(self) -> None:
        """Counts a nested term or body."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.illegal("nested too deeply")

    def illegal(self, why: str) -> BuiltinError:
        """The error for what comes next."""
        line = self.token.line or (self.tokens[-1].line if self.tokens else 1)
        return BuiltinError(f"`rego.parse_module`: {self.name}:{line}: {why}")

    def string(self, text: str) -> str:
        """What a quoted text stands for."""
        try:
            return str(json.loads(text, strict=False))
        except ValueError as error:
            raise self.illegal("a string that is none") from error
