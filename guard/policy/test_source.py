"""Takes `test_` rules apart, so that `with` is done by the runner and not by the Rego compiler.

regopy 1.5.2 ends its process on a `with` over a rule that refers to another rule, which is what every test of a
rule is. So each statement of a test becomes rules of its own, without `with`:

    test_x if { rule.deny == set() with input as {"a": 1} with data.config as c }

    guard_test_0 if { rule.deny == set() }      evaluated with that input and that data
    guard_test_0_0 := {"a": 1}                  evaluated first
    guard_test_0_1 := c

What cannot be taken apart exactly (a variable shared by statements, a rule or function replaced by `with`) is
refused, never guessed: `opa test --bundle` runs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.errors import PolicyError
from guard.model import Value
from guard.policy.rule import quiet

PREFIX = "guard_test_"
_TEST = re.compile(r"^(test_\w+)\b([^\n{]*?)\bif\b[ \t]*", re.MULTILINE)
_ANY_TEST = re.compile(r"^(test_\w+)", re.MULTILINE)
_WITH = re.compile(r"(?<![\w.])with\s+((?:input|data)(?:\.\w+)*)(?![\w.\[(])\s+as\b")
_ANY_WITH = re.compile(r"(?<![\w.\"])with\s")
_BINDS = re.compile(r"\w+\s*:=|some\s")
_OPEN, _CLOSE = "{[(", "}])"
_HELP = "write `test_name if { expression with input as value }`, or run `opa test --bundle` on the pack"


class Replacement(Value, frozen=True):
    """`with <target> as <the value of rule>`; the target is `input`, `input.a.b` or `data.a.b`."""

    target: str
    rule: str


class Statement(Value, frozen=True):
    """One statement of a test: the rule that holds its expression, and what is replaced while it is asked."""

    rule: str
    replacements: tuple[Replacement, ...]


class TestRule(Value, frozen=True):
    """A `test_` rule: its name, its line in the file, its statements, all of which must hold."""

    __test__ = False  # not a test of pytest's

    name: str
    line: int
    statements: tuple[Statement, ...]


class TestFile(Value, frozen=True):
    """A test file taken apart: `source` without the test rules, with their parts at the end."""

    __test__ = False

    source: str
    tests: tuple[TestRule, ...]


def take_apart(source: str, *, file: str) -> TestFile:
    """The tests in `source`.

    Raises:
        PolicyError: a test of another shape, or two of one name, which Rego reads as one test that passes when either
            does; names file and line.
    """
    text = quiet(source)
    shaped = {match.start(): match for match in _TEST.finditer(text)}
    tests: list[TestRule] = []
    parts: list[str] = []
    kept = list(source)
    for found in _ANY_TEST.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        where = f"`{file}`:{line}: the test `{found[1]}`"
        match = shaped.get(found.start())
        if match is None or match[2].strip():
            raise PolicyError(f"{where} is not of the form `{found[1]} if`", help=_HELP)
        if any(test.name == found[1] for test in tests):
            raise PolicyError(f"{where} stands here twice", help="give each test its own name")
        start, stop, end = _body(text, match.end())
        statements = []
        for first, last in _statements(text, start, stop):
            statement, rules = _parts(source, text, first, last, len(parts), where)
            statements.append(statement)
            parts.append(rules)
        if not statements:
            raise PolicyError(f"{where} is empty", help=_HELP)
        tests.append(TestRule(found[1], line, tuple(statements)))
        kept[found.start() : end] = ("\n" if char == "\n" else " " for char in source[found.start() : end])
    return TestFile(source="".join(kept) + "\n" + "".join(parts), tests=tuple(tests))


def _body(text: str, at: int) -> tuple[int, int, int]:
    """Where the body starts and stops, and where the rule ends; without braces it ends before the next rule."""
    if text[at : at + 1] != "{":
        stop = next(iter(_unindented(text, at)), len(text))
        return at, stop, stop
    depth = 0
    for position in range(at, len(text)):
        depth += (text[position] in _OPEN) - (text[position] in _CLOSE)
        if depth == 0:
            return at + 1, position, position + 1
    return at + 1, len(text), len(text)


def _unindented(text: str, at: int) -> Iterator[int]:
    """Line ends after `at` that are followed by something at the left margin which closes no bracket."""
    yield from (match.start() for match in re.compile(r"\n(?=[^\s}\])])").finditer(text, at))


def _statements(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The spans of the statements: split at `;` and line ends outside brackets, a line with `with` belongs above."""
    depth, first = 0, start
    for position in range(start, stop + 1):
        char = text[position] if position < stop else "\n"
        depth += (char in _OPEN) - (char in _CLOSE)
        continues = char == "\n" and position < stop and re.match(r"\s*with\s", text[position:stop]) is not None
        if depth == 0 and char in ";\n" and not continues:
            if text[first:position].strip():
                yield first, position
            first = position + 1


def _parts(source: str, text: str, first: int, last: int, number: int, where: str) -> tuple[Statement, str]:
    """The statement and the Rego of its rules."""
    marks = [match for match in _WITH.finditer(text, first, last) if _at_top(text, first, match.start())]
    if len(marks) != len(_ANY_WITH.findall(text[first:last])):
        raise PolicyError(f"{where} replaces something that is neither input nor data", help=_HELP)
    if _BINDS.match(text[first:last].strip()):
        raise PolicyError(f"{where} binds a variable, which its other statements would share", help=_HELP)
    name = f"{PREFIX}{number}"
    ends = [*(match.start() for match in marks[1:]), last][: len(marks)]
    rules = [f"{name} if {{\n{source[first : marks[0].start() if marks else last]}\n}}\n"]
    replacements = []
    for index, (match, end) in enumerate(zip(marks, ends, strict=True)):
        rules.append(f"{name}_{index} := {source[match.end() : end].strip()}\n")
        replacements.append(Replacement(match[1], f"{name}_{index}"))
    return Statement(name, tuple(replacements)), "".join(rules)


def _at_top(text: str, first: int, position: int) -> bool:
    return sum((char in _OPEN) - (char in _CLOSE) for char in text[first:position]) == 0
