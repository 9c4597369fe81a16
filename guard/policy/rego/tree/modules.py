"""A whole module: its package, imports, rules and comments."""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from guard.errors import PolicyError
from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.syntax import Token, outline, tokens
from guard.policy.rego.tree.bodies import TRUE, Bodies
from guard.policy.rego.tree.cursor import KEYWORDS, Node

GENERATED: Final[Node] = {"generated": True, "index": 0, "terms": TRUE}
ROOTS: Final = frozenset({"data", "input", "rego", "future"})
_COMMENT: Final = re.compile(r"#([^\n\r]*)")


def parse_module(name: str, text: str) -> Node:
    """The tree of a module.

    Raises:
        BuiltinError: the text is no Rego v1 module, or is nested too deeply.
    """
    try:
        found = list(tokens(name, text))
        outline(name, text)
    except PolicyError as error:
        raise BuiltinError(f"`rego.parse_module`: {error.message}") from error
    module = Modules(name, found).module()
    comments = list(_comments(name, text, found))
    return {**module, "comments": comments} if comments else module


def _comments(name: str, text: str, found: Sequence[Token]) -> Iterator[Node]:
    """What stands between the tokens after `#`."""
    ends = [0, *[token.start + len(token.text) for token in found]]
    starts = [*[token.start for token in found], len(text)]
    for start, end in zip(ends, starts, strict=True):
        for match in _COMMENT.finditer(text, start, end):
            column = match.start() - (text.rfind("\n", 0, match.start()) + 1) + 1
            location = {"file": name, "row": text.count("\n", 0, match.start()) + 1, "col": column}
            yield {"Location": location, "Text": base64.b64encode(match[1].encode()).decode()}


class Modules(Bodies):
    """Reads the statements of a module."""

    def __init__(self, name: str, tokens: Sequence[Token], wildcards: int = 0, depth: int = 0) -> None:
        super().__init__(name, tokens, wildcards, depth)
        self.seen = {}

    def module(self) -> Node:
        """`{"package": ..., "imports": [...], "rules": [...]}`; what there is none of is left out."""
        if not self.at_keyword("package"):
            raise self.illegal("expected `package`")
        self.advance()
        found: Node = {"package": {"path": self._package()}}
        while self.token.kind != "end":
            if self.at_keyword("import"):
                found.setdefault("imports", []).append(self._import())
            elif not self.take(";"):
                found.setdefault("rules", []).append(self._rule())
        return found

    def _package(self) -> list[Node]:
        if self.token.kind != "name":
            raise self.illegal("expected the name of the package")
        first, *rest = self._path()
        return [{"type": "var", "value": "data"}, {"type": "string", "value": first["value"]}, *rest]

    def _path(self) -> list[Node]:
        """A reference whose parts are constant strings."""
        term = self._finish(self.variable())
        parts: list[Node] = term["value"] if term["type"] == "ref" else [term]
        if parts[0]["type"] != "var" or any(part["type"] != "string" for part in parts[1:]):
            raise self.illegal("expected a path of constant names")
        return parts

    def _import(self) -> Node:
        self.advance()
        parts = self._path()
        last = parts[-1]["value"]
        if parts[0]["value"] not in ROOTS:
            raise self.illegal("expected an import from `data`, `input`, `rego` or `future`")
        found: Node = {"path": {"type": "ref", "value": parts}}
        if self.at_keyword("as"):
            self.advance()
            if not self.at_name() or self.token.text in {"data", "input"}:
                raise self.illegal("expected a name")
            found["alias"] = self.advance().text
        elif last in KEYWORDS and parts[0]["value"] != "future":
            raise self.illegal("an import that ends with a keyword")
        return found

    def _rule(self) -> Node:
        is_default = self.at_keyword("default")
        if is_default:
            self.advance()
        if not self.at_name():
            raise self.illegal("expected a rule")
        head = self._head_of_rule()
        if is_default:
            if "value" not in head or "key" in head or self.at_keyword("if"):
                raise self.illegal("a default that is not one constant value")
            return {"default": True, "head": head, "body": [copy.deepcopy(GENERATED)]}
        if not self.at_keyword("if"):
            if not {"key", "value"} & set(head):
                raise self.illegal("expected `if`, `contains` or a value")
            rule = {"head": self._without_body(head), "body": [copy.deepcopy(GENERATED)]}
        else:
            self.advance()
            rule = {"head": self._with_body(head), "body": self._body_of_rule()}
        if self.at_keyword("else"):
            if "key" in head:
                raise self.illegal("`else` after a rule with many values")
            rule["else"] = self._else(head)
        return rule

    def _head_of_rule(self) -> Node:
        term = self._finish(self.variable(), spaced=True)
        arguments: list[Node] | None = None
        if term["type"] == "call":
            term, *arguments = term["value"]
        parts: list[Node] = term["value"] if term["type"] == "ref" else [term]
        if parts[0]["type"] != "var":
            raise self.illegal("expected the name of a rule")
        head: Node = {"ref": parts}
        if len(parts) == 1:
            head["name"] = parts[0]["value"]
        if arguments:
            head["args"] = arguments
        if self.at_keyword("contains"):
            self.advance()
            head["key"] = self.infix()
            return head
        for mark in ("=", ":="):
            if self.take(mark):
                head["value"] = self.infix()
                if mark == ":=":
                    head["assign"] = True
                break
        return head

    def _with_body(self, head: Node) -> Node:
        """What OPA makes of the head of a rule with a body."""
        parts = head["ref"]
        if "key" in head:
            return head
        if len(parts) == 2:
            if (not _ground(parts[1]) or parts[1]["type"] == "ref") and "args" not in head:
                head["key"] = parts[1]
            if "value" in head:
                head["name"] = parts[0]["value"]
        head.setdefault("value", TRUE)
        return head

    def _without_body(self, head: Node) -> Node:
        """What OPA makes of the head of a rule without one."""
        parts = head["ref"]
        if "args" not in head and "value" in head and len(parts) == 2 and "key" not in head:
            head["name"], head["key"] = parts[0]["value"], parts[1]
        return head

    def _body_of_rule(self) -> list[Node]:
        before, depth = self.state, self.depth
        braced = self.text() == "{"
        try:
            found = self.literal()
            terms: Any = found["terms"]
            if not (braced and isinstance(terms, dict) and terms.get("type") == "set"):
                return [{"index": 0, **found}]
        except BuiltinError:
            if not braced:
                raise
        self.state, self.depth = before, depth
        self.advance()
        return self.body("}")

    def _else(self, head: Node) -> Node:
        self.advance()
        again = copy.deepcopy(head)
        for key in ("value", "assign"):
            again.pop(key, None)
        for argument in again.get("args", ()):
            if argument["type"] == "var" and argument["value"].startswith("$"):
                argument["value"] = f"${self.state.wildcards}"
                self.state = self.state._replace(wildcards=self.state.wildcards + 1)
        again["value"] = TRUE
        if self.text() in {"=", ":="}:
            if self.advance().text == ":=":
                again["assign"] = True
            again["value"] = self.infix()
        elif "assign" in head:
            again["assign"] = True
        rule: Node = {"head": again, "body": [copy.deepcopy(GENERATED)]}
        if self.at_keyword("if"):
            self.advance()
            rule["body"] = self.body("}") if self.take("{") else [{"index": 0, **self.literal()}]
        elif self.take("{"):
            rule["body"] = self.body("}")
        if self.at_keyword("else"):
            rule["else"] = self._else(head)
        return rule


def _ground(term: Node) -> bool:
    """True for a term without variables."""
    kind, value = term["type"], term["value"]
    if kind == "var":
        return False
    if kind in {"array", "set", "call"}:
        return all(_ground(item) for item in value)
    if kind == "ref":
        return all(_ground(item) for item in value[1:])
    if kind == "object":
        return all(_ground(key) and _ground(item) for key, item in value)
    return kind in {"null", "boolean", "number", "string"}
