"""A Rego module as the linter sees it: imports, rules, their bodies and statements, as runs of tokens.

It reads what the compiler accepts and never refuses: what it cannot make out is left out, and no rule of the linter
speaks about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from guard.policy.rego.syntax import Token, tokens

Tokens: TypeAlias = tuple[Token, ...]

OPENING = frozenset("{[(")
CLOSING = frozenset("}])")
KEYWORDS = frozenset(
    {"if", "contains", "in", "some", "every", "not", "with", "as", "else", "default", "import", "package"}
    | {"true", "false", "null", "and", "or"}
)
COMPARES = frozenset({"==", "!=", "<", "<=", ">", ">="})
_QUIET = re.compile(r'#[^\n]*|"(?:\\.|[^"\\\n])*"|`[^`]*`')
_INFIX = COMPARES | frozenset({":=", "=", "+", "-", "*", "/", "%", "|", "&", ",", "."})


@dataclass(frozen=True, slots=True)
class Import:
    """`import data.a.b as c`."""

    path: tuple[str, ...]
    alias: str
    line: int

    @property
    def name(self) -> str:
        """The name it has in the module."""
        return self.alias or (self.path[-1] if self.path else "")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a body, all its tokens."""

    tokens: Tokens

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.tokens[0].line

    @property
    def names(self) -> frozenset[str]:
        """The variables and rules that it names; parts of a path after a dot are none."""
        return frozenset(names(self.tokens))


@dataclass(frozen=True, slots=True)
class Head:
    """One definition of a rule: `default`, arguments, value, key of a set, bodies."""

    name: str
    line: int
    end: int
    tokens: Tokens
    is_default: bool = False
    is_set: bool = False
    arguments: tuple[Tokens, ...] | None = None
    operator: str = ""  # `:=` or `=`
    value: Tokens = ()  # after the operator, or after `contains`
    bodies: tuple[tuple[Statement, ...], ...] = ()
    alternatives: tuple[Tokens, ...] = ()  # each `else`, to its end

    @property
    def is_test(self) -> bool:
        """Whether it is a test."""
        return self.name.startswith("test_")


@dataclass(frozen=True)
class Module:
    """A file of the pack."""

    file: str
    text: str
    package: tuple[str, ...]
    imports: tuple[Import, ...]
    rules: tuple[Head, ...]
    comments: tuple[tuple[int, str], ...]
    tokens: Tokens
    lines: tuple[str, ...] = field(default=())

    @property
    def is_test(self) -> bool:
        """Whether it holds tests."""
        return self.file.endswith("_test.rego")


def read(file: str, text: str) -> Module:
    """The module in `text`.

    Raises:
        PolicyError: a character that Rego does not have.
    """
    found = tuple(tokens(file, text))
    lines = text.splitlines()
    package: tuple[str, ...] = ()
    imports: list[Import] = []
    rules: list[Head] = []
    for run in _statements_at_margin(found, lines):
        first = run[0].text
        if first == "package":
            package = tuple(token.text for token in run[1:] if token.kind == "name")
        elif first == "import":
            imports.append(_import(run))
        else:
            rules.append(_head(run))
    return Module(file, text, package, tuple(imports), tuple(rules), tuple(_comments(text)), found, tuple(lines))


def names(run: Sequence[Token]) -> Iterator[str]:
    """Names in a run that stand for variables, rules or documents."""
    for position, token in enumerate(run):
        after_dot = position > 0 and run[position - 1].text == "."
        if token.kind == "name" and token.text not in KEYWORDS and not after_dot:
            yield token.text


def calls(run: Sequence[Token]) -> Iterator[tuple[str, Tokens, int]]:
    """Each call: dotted name, the tokens between its brackets, and where it begins in the run."""
    for position, token in enumerate(run):
        if token.kind != "name" or token.text in KEYWORDS or (position and run[position - 1].text == "."):
            continue
        end = position
        parts = [token.text]
        while end + 2 < len(run) and run[end + 1].text == "." and run[end + 2].kind == "name":
            parts.append(run[end + 2].text)
            end += 2
        if end + 1 < len(run) and run[end + 1].text == "(" and run[end + 1].line == run[end].line:
            close = matching(run, end + 1)
            yield ".".join(parts), tuple(run[end + 2 : close]), position


def matching(run: Sequence[Token], opening: int) -> int:
    """The place of the bracket that closes the one at `opening`; the end of the run if none does."""
    depth = 0
    for position in range(opening, len(run)):
        if run[position].kind == "mark":
            depth += (run[position].text in OPENING) - (run[position].text in CLOSING)
            if depth == 0:
                return position
    return len(run)


def split(run: Sequence[Token], mark: str) -> list[Tokens]:
    """The run split at a mark outside brackets; the empty run gives no part."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in run:
        if token.kind == "mark":
            depth += (token.text in OPENING) - (token.text in CLOSING)
            if depth == 0 and token.text == mark:
                parts.append([])
                continue
        parts[-1].append(token)
    if not parts[-1]:  # a comma may stand before the closing bracket
        parts.pop()
    return [tuple(part) for part in parts]


def find(run: Sequence[Token], *texts: str) -> int | None:
    """The place of the first of these tokens outside brackets."""
    depth = 0
    for position, token in enumerate(run):
        if token.kind == "mark":
            depth += (token.text in OPENING) - (token.text in CLOSING)
        if depth == 0 and token.text in texts and token.kind in {"mark", "name"}:
            return position
    return None


def is_literal(run: Sequence[Token]) -> bool:
    """Whether the run is one constant."""
    return len(run) == 1 and (run[0].kind in {"string", "number"} or run[0].text in {"true", "false", "null"})


def spelt(run: Sequence[Token]) -> str:
    """The run without space, to compare."""
    return " ".join(token.text for token in run)


def _statements_at_margin(found: Tokens, lines: Sequence[str]) -> Iterator[Tokens]:
    """Runs that begin at the left margin outside brackets: package, imports, rules."""
    start, depth = 0, 0
    for position, token in enumerate(found):
        fresh = position == 0 or found[position - 1].line < token.line
        at_margin = fresh and lines[token.line - 1].startswith(token.text[:1])
        if depth == 0 and at_margin and token.kind == "name" and token.text != "else" and position > start:
            yield found[start:position]
            start = position
        if token.kind == "mark":
            depth += (token.text in OPENING) - (token.text in CLOSING)
    if start < len(found):
        yield found[start:]


def _import(run: Tokens) -> Import:
    alias = run[-1].text if len(run) > 2 and run[-2].text == "as" else ""
    path = run[1 : -2 if alias else None]
    return Import(
        tuple(token.text.strip('"') for token in path if token.kind in {"name", "string"}), alias, run[0].line
    )


def _head(run: Tokens) -> Head:
    is_default = run[0].text == "default"
    rest = run[1:] if is_default else run
    begins = find(rest, "if")
    front, back = (rest, ()) if begins is None else (rest[:begins], rest[begins:])
    sets = find(front, "contains")
    assigns = find(front, ":=", "=")
    at = min((place for place in (sets, assigns) if place is not None), default=len(front))
    named = front[:at]
    opening = next((place for place, token in enumerate(named) if token.text == "("), None)
    arguments = None
    if opening is not None:
        arguments = tuple(split(named[opening + 1 : matching(named, opening)], ","))
        named = named[:opening]
    value = front[at + 1 :]
    bodies, alternatives = _bodies(back)
    if begins is None and (other := find(value, "else")) is not None:
        value, alternatives = value[:other], (value[other:],)
    return Head(
        name="".join(token.text for token in named) or (rest[0].text if rest else ""),
        line=run[0].line,
        end=run[-1].line,
        tokens=run,
        is_default=is_default,
        is_set=sets is not None,
        arguments=arguments,
        operator=front[assigns].text if assigns is not None else "",
        value=value,
        bodies=bodies,
        alternatives=alternatives,
    )


def _bodies(run: Tokens) -> tuple[tuple[tuple[Statement, ...], ...], tuple[Tokens, ...]]:
    """The bodies after each `if`, and each `else` as a run."""
    bodies: list[tuple[Statement, ...]] = []
    alternatives: list[Tokens] = []
    position = 0
    while position < len(run):
        if run[position].text == "if" and position + 1 < len(run):
            block = run[position + 1].text == "{" and _closes_rule(run, position + 1)
            if block:
                end = matching(run, position + 1)
                bodies.append(tuple(statements(run[position + 2 : end])))
                position = end + 1
            else:
                length = find(run[position + 1 :], "else")
                end = len(run) if length is None else position + 1 + length
                bodies.append(tuple(statements(run[position + 1 : end])))
                position = end
        elif run[position].text == "else":
            length = find(run[position + 1 :], "else")
            alternatives.append(run[position : None if length is None else position + 1 + length])
            position += 1
        else:
            position += 1
    return tuple(bodies), tuple(alternatives)


def _closes_rule(run: Tokens, opening: int) -> bool:
    """Whether the bracket after `if` is the body and not an object that an expression begins with."""
    end = matching(run, opening)
    return end + 1 >= len(run) or run[end + 1].text == "else"


def statements(run: Sequence[Token]) -> Iterator[Statement]:
    """The statements of a body: split at `;` and at line ends where an expression may end."""
    current: list[Token] = []
    depth = 0
    for token in run:
        if current and depth == 0 and (token.text == ";" or _begins_anew(current[-1], token)):
            yield Statement(tuple(current))
            current = []
        if token.kind == "mark":
            depth += (token.text in OPENING) - (token.text in CLOSING)
        if not (depth == 0 and token.text == ";"):
            current.append(token)
    if current:
        yield Statement(tuple(current))


def _begins_anew(before: Token, token: Token) -> bool:
    if token.line == before.line:
        return False
    if before.text in _INFIX or before.text in {"not", "in", "some", "every", "with", "as", "if"}:
        return False
    return token.text not in _INFIX and token.text not in {"with", "as", "in"} and token.text not in CLOSING


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Each comment with its line; a string that holds `#` is passed over as a whole."""
    for found in _QUIET.finditer(text):
        if found[0].startswith("#"):
            yield text.count("\n", 0, found.start()) + 1, found[0].rstrip()
