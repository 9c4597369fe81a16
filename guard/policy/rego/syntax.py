"""A lexer for Rego and the outline of a module: its package, its rules, and whether it is Rego v1.

The compiler accepts Rego v0, where a rule needs neither `if` nor `contains`; a missing word there changes what a
rule means. guard accepts v1 only, so the outline is read first. Reference: "Policy Language", OPA documentation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from guard.errors import PolicyError

MAX_FILE_CHARACTERS: Final = 1 << 20
OPENING: Final = {"{": "}", "[": "]", "(": ")"}
CONTINUES: Final = frozenset({"if", "contains", "with", "as", "in", "not", "some", "every", "and", "or"})
"""Words that never end an expression, so that what follows belongs to it."""

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n\ufeff]+)
  | (?P<comment>\#[^\n]*)
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<raw>`[^`]*`)
  | (?P<template>\$["`])
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<mark>:=|==|!=|<=|>=|[-+*/%|&<>=.,:;{}\[\]()])
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    """A token: its kind (`name`, `string`, `number`, `mark`), its text, its line from 1, and where it begins."""

    kind: str
    text: str
    line: int
    start: int


class Rule(NamedTuple):
    """The head of a rule: its path below the package, and whether it takes arguments."""

    path: tuple[str, ...]
    is_function: bool
    line: int


@dataclass(frozen=True, slots=True)
class Outline:
    """What a module defines."""

    package: tuple[str, ...]
    rules: tuple[Rule, ...]
    uses_with: bool


def tokens(name: str, text: str) -> Iterator[Token]:
    """The tokens of a module without space and comments.

    Raises:
        PolicyError: a character or string that Rego does not have.
    """
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise PolicyError(
                f"{name}:{line}: unexpected character",
                help="check for an unclosed string and for quotes that are not ASCII",
            )
        kind = match.lastgroup or ""
        end = match.end()
        if kind == "template":
            end = _template_end(name, text, match.end(), text[match.end() - 1], line)
            kind = "string"
        if kind not in {"space", "comment"}:
            yield Token("string" if kind == "raw" else kind, text[position:end], line, position)
        line += text.count("\n", position, end)
        position = end


def _template_end(name: str, text: str, position: int, quote: str, line: int) -> int:
    """The end of a template string; `{` starts an expression that may hold strings itself."""
    while position < len(text):
        character = text[position]
        if character == "\\" and (quote == '"' or text[position + 1 : position + 2] in {"{", "}"}):
            position += 2
        elif character == quote:
            return position + 1
        elif character == "{":
            position = expression_end(name, text, position, line)
        else:
            position += 1
    raise PolicyError(f"{name}:{line}: a template string is not closed", help=f"close it with `{quote}`")


def expression_end(name: str, text: str, position: int, line: int) -> int:
    depth = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            break
        if match.lastgroup == "template":
            position = _template_end(name, text, match.end(), text[match.end() - 1], line)
            continue
        depth += {"{": 1, "}": -1}.get(match.group(), 0)
        position = match.end()
        if depth == 0:
            return position
    raise PolicyError(f"{name}:{line}: an expression in a template string is not closed", help="close it with `}`")


def outline(name: str, text: str) -> Outline:
    """Reads what a module defines.

    Raises:
        PolicyError: not Rego v1, with file and line.
    """
    if len(text) > MAX_FILE_CHARACTERS:
        raise PolicyError(
            f"{name}: the file is larger than {MAX_FILE_CHARACTERS} characters", help="split it, or move tables to data"
        )
    if "\x00" in text:
        raise PolicyError(f"{name}: the file holds a NUL character", help="save it as UTF-8 text")
    return _OutlineReader(name, list(tokens(name, text))).read()


class _OutlineReader:
    def __init__(self, name: str, found: list[Token]) -> None:
        self.name = name
        self.tokens = found
        self.position = 0

    def read(self) -> Outline:
        if not self.tokens or self.tokens[0].text != "package":
            line = self.tokens[0].line if self.tokens else 1
            raise PolicyError(
                f"{self.name}:{line}: the module does not begin with `package`", help="write `package guard` first"
            )
        self.position = 1
        package, _ = self._reference()
        rules: list[Rule] = []
        self._walk(rules)
        return Outline(package, tuple(rules), any(token.text == "with" for token in self.tokens))

    def _walk(self, rules: list[Rule]) -> None:
        """Goes through the statements of the module; brackets are skipped as wholes."""
        fresh = True
        every = False  # the next body belongs to an `every`
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            before = self.tokens[self.position - 1]
            fresh = fresh or (token.line > before.line and _ends_expression(before)) or before.text == ";"
            if fresh and token.kind == "name" and token.text not in CONTINUES | {"else"}:
                fresh = every = False
                self._head(token, rules)
                continue
            fresh = False
            every = every or token.text == "every"
            if token.text in OPENING:
                if token.text == "{" and _ends_expression(before):
                    if not every:
                        raise self._not_v1(token)
                    every = False
                self._skip_brackets()
            else:
                self.position += 1

    def _head(self, token: Token, rules: list[Rule]) -> None:
        if token.text == "import":
            self.position += 1
            self._reference()
            return
        if token.text == "default":
            self.position += 1
        if self.position >= len(self.tokens):
            return
        line = self.tokens[self.position].line
        path, bracket = self._reference()
        if path:
            rules.append(Rule(path, bracket == "(", line))
        else:
            self.position += 1

    def _reference(self) -> tuple[tuple[str, ...], str]:
        """A dotted path with constant parts, and the bracket that ends it if one does."""
        parts: list[str] = []
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            if token.kind != "name":
                break
            parts.append(token.text)
            self.position += 1
            while self._constant_key():
                parts.append(json.loads(self.tokens[self.position + 1].text))
                self.position += 3
            if not self._at("."):
                break
            self.position += 1
        return tuple(parts), self.tokens[self.position].text if self._at("(") or self._at("[") else ""

    def _constant_key(self) -> bool:
        ahead = self.tokens[self.position : self.position + 3]
        return len(ahead) == 3 and ahead[0].text == "[" and ahead[1].text.startswith('"') and ahead[2].text == "]"

    def _at(self, text: str) -> bool:
        return self.position < len(self.tokens) and self.tokens[self.position].text == text

    def _skip_brackets(self) -> None:
        start = self.tokens[self.position]
        open_brackets: list[str] = []
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            self.position += 1
            if token.kind != "mark":
                continue
            if token.text in OPENING:
                open_brackets.append(OPENING[token.text])
            elif token.text in OPENING.values():
                if token.text != open_brackets.pop():
                    raise PolicyError(
                        f"{self.name}:{token.line}: `{token.text}` closes another bracket",
                        help="check the brackets of the rule",
                    )
                if not open_brackets:
                    return
        raise PolicyError(
            f"{self.name}:{start.line}: `{start.text}` is not closed", help=f"close it with `{OPENING[start.text]}`"
        )

    def _not_v1(self, token: Token) -> PolicyError:
        return PolicyError(
            f"{self.name}:{token.line}: a rule's body stands without `if`, which is Rego v0",
            help="write `name if { ... }`, and `name contains x if { ... }` for a set; `opa fmt --v0-v1` does it",
        )


def _ends_expression(token: Token) -> bool:
    """True when an expression may end with the token."""
    if token.kind == "mark":
        return token.text in {")", "]", "}"}
    return token.text not in CONTINUES
