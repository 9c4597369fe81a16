"""Terms and expressions of a module. Reference: `v1/ast/parser.go` of OPA, whose shapes and order these are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.numbers import parse_number
from guard.policy.rego.syntax import tokens
from guard.policy.rego.tree.cursor import Cursor, Node, State
from guard.policy.rego.tree.order import sorted_members, sorted_pairs
from guard.policy.rego.tree.templates import template_parts

ROOTS: Final = frozenset({"input", "data"})
OPERATORS: Final = (
    {"==": "equal", "!=": "neq", "<": "lt", ">": "gt", "<=": "lte", ">=": "gte"},
    {"|": "or"},
    {"&": "and"},
    {"+": "plus", "-": "minus"},
    {"*": "mul", "/": "div", "%": "rem"},
)
"""By how weakly they bind; all of them bind to the left."""


def ref(*parts: str) -> Node:
    """A reference by constant names."""
    first, *rest = parts
    return {"type": "ref", "value": [{"type": "var", "value": first}, *({"type": "string", "value": p} for p in rest)]}


def call(operator: Node, *operands: Node) -> Node:
    """A call as a term."""
    return {"type": "call", "value": [operator, *operands]}


class Terms(Cursor):
    """Reads terms; bodies are read by the class below, for comprehensions hold them."""

    seen: dict[int, tuple[Node, State] | BuiltinError]  # terms by where they begin, so that going back costs nothing

    def body(self, end: str) -> list[Node]:
        """The expressions up to a bracket."""
        raise NotImplementedError

    def literal(self) -> Node:
        """One expression of a body."""
        raise NotImplementedError

    def infix(self, *, pairs: bool = True) -> Node:
        """A term with its operators; `pairs` allows `k, v in xs`."""
        self.deeper()
        left = self._operators(0)
        if pairs and self.text() == ",":
            left = self._pair(left)
        while self.at_keyword("in"):
            self.advance()
            left = call(ref("internal", "member_2"), left, self._operators(0))
        self.depth -= 1
        return left

    def _pair(self, key: Node) -> Node:
        """`k, v in xs`; the key alone when no `in` follows."""
        before = self.state
        self.advance()
        try:
            value = self._operators(0)
        except BuiltinError:
            self.state = before
            return key
        if not self.at_keyword("in"):
            self.state = before
            return key
        self.advance()
        return call(ref("internal", "member_3"), key, value, self._operators(0))

    def _operators(self, level: int) -> Node:
        left = self.term() if level == len(OPERATORS) - 1 else self._operators(level + 1)
        while (name := OPERATORS[level].get(self.text())) is not None:
            self.advance()
            left = call(ref(name), left, self.term() if level == len(OPERATORS) - 1 else self._operators(level + 1))
        return left

    def term(self) -> Node:
        """A term without operators."""
        start = self.state.position
        known = self.seen.get(start)
        if isinstance(known, BuiltinError):
            raise known
        if known is not None:
            found, self.state = known
            return found
        self.deeper()
        try:
            found = self._finish(self._head())
        except BuiltinError as error:
            self.seen[start] = error
            raise
        self.depth -= 1
        self.seen[start] = (found, self.state)
        return found

    def _head(self) -> Node:
        token = self.token
        if self.at_keyword("null", "true", "false"):
            self.advance()
            return {"type": "null", "value": {}} if token.text == "null" else _boolean(token.text == "true")
        if token.kind == "number":
            return self._number()
        if token.kind == "string":
            return self._string()
        if self.at_name() or token.text == "contains":
            return self.variable()
        if token.text == "-":
            return self._minus()
        opening: dict[str, Callable[[], Node]] = {"[": self._array, "{": self._set_or_object, "(": self._group}
        read = opening.get(self.text())
        if read is None:
            raise self.illegal(f"unexpected {f'`{token.text}`' if token.kind == 'mark' else token.kind}")
        return read()

    def _number(self, sign: str = "") -> Node:
        token = self.advance()
        if token.kind != "number" or (token.text[0] == "0" and token.text[1:2].isdigit()):
            raise self.illegal("expected a number")
        return {"type": "number", "value": parse_number(sign + token.text)}

    def _minus(self) -> Node:
        self.advance()
        if self.at_name() or self.token.text == "contains":
            return call(ref("minus"), {"type": "number", "value": 0}, self._finish(self.variable()))
        return self._number("-")

    def _string(self) -> Node:
        token = self.advance()
        if token.text.startswith("$"):
            return self._template(token.text)
        text = token.text[1:-1] if token.text[0] == "`" else self.string(token.text)
        return {"type": "string", "value": text}

    def _template(self, text: str) -> Node:
        parts: list[Any] = []
        for part, is_code in template_parts(text):
            if not is_code:
                plain = part if text[1] == "`" else self.string(f'"{part}"')
                parts += [{"type": "string", "value": plain}] if plain else []
                continue
            inner = type(self)(self.name, list(tokens(self.name, part)), self.state.wildcards, self.depth)
            expression = inner.literal()
            if (
                inner.token.kind != "end"
                or "negated" in expression
                or (isinstance(expression["terms"], list) and (expression["terms"][0] in (ref("eq"), ref("assign"))))
            ):
                raise self.illegal("an expression in a template string that gives no value")
            self.state = self.state._replace(wildcards=inner.state.wildcards)
            terms = expression["terms"]
            constant = isinstance(terms, dict) and terms.get("type") in {"string", "number", "boolean", "null"}
            parts.append(terms if constant and "#" not in part else {"index": 0, **expression})
        return {"type": "templatestring", "value": {"multi_line": text[1] == "`", "parts": parts}}

    def _group(self) -> Node:
        self.advance()
        found = self.infix()
        self.expect(")")
        return found

    def _finish(self, head: Node, *, spaced: bool = False) -> Node:
        """The term with what follows it at once: `.name`, `[key]`, `(arguments)`."""
        parts = [head]
        while self.text() in {".", "[", "("} and (self.adjacent() or (spaced and not self.on_new_line())):
            spaced = False
            mark = self.advance().text
            if len(parts) == 1 and parts[0]["type"] in {"string", "number", "boolean", "null", "templatestring"}:
                raise self.illegal("a reference that begins with a scalar")
            if mark == ".":
                if self.token.kind != "name" or not self.adjacent():
                    raise self.illegal("expected a name after `.`")
                parts.append({"type": "string", "value": self.advance().text})
            elif mark == "[":
                parts.append(self.infix())
                self.expect("]")
            else:
                operands = self._list(")")
                operator = {"type": "ref", "value": parts}
                is_set = not operands and operator == ref("set")
                parts = [{"type": "set", "value": []} if is_set else call(operator, *operands)]
        if len(parts) > 1 or (head["type"] == "var" and head["value"] in ROOTS and parts[0] is head):
            return {"type": "ref", "value": parts}
        return parts[0]

    def _list(self, end: str) -> list[Node]:
        """Terms between commas; steps over the bracket at the end."""
        found: list[Node] = []
        while not self.take(end):
            found.append(self.infix(pairs=False))
            if self.text() != end:
                self.expect(",")
        return found

    def _comprehension(self, end: str) -> list[Node] | None:
        """The body after `|`; None, and nothing read, where it is no body."""
        before, depth = self.state, self.depth
        self.advance()
        try:
            found = self.body(end)
        except BuiltinError:
            if self.text() != ",":
                raise
            self.state, self.depth = before, depth
            return None
        return found

    def _array(self) -> Node:
        self.advance()
        if self.take("]"):
            return {"type": "array", "value": []}
        plain = self.take(",")  # a comma first is allowed, and then it is no comprehension
        before = self.state
        head = self.term()
        if self.text() == "|" and not plain:
            body = self._comprehension("]")
            if body is not None:
                return {"type": "arraycomprehension", "value": {"term": head, "body": body}}
        self.state = before
        return {"type": "array", "value": self._list("]")}

    def _set_or_object(self) -> Node:
        self.advance()
        if self.take("}"):
            return {"type": "object", "value": []}
        plain = self.take(",")
        before = self.state
        head = self.term()
        if self.text() == "|" and not plain:
            body = self._comprehension("}")
            if body is not None:
                return {"type": "setcomprehension", "value": {"term": head, "body": body}}
        if self.text() != ":":
            self.state = before
            head = self.infix(pairs=False)
        if self.text() == ":":
            return self._object(head, plain=plain)
        self.state = before
        return {"type": "set", "value": sorted_members(self._list("}"))}

    def _object(self, key: Node, *, plain: bool) -> Node:
        self.advance()
        before = self.state
        value = self.term()
        if self.text() == "|" and not plain:
            body = self._comprehension("}")
            if body is not None:
                return {"type": "objectcomprehension", "value": {"key": key, "value": value, "body": body}}
        self.state = before
        pairs = [[key, self.infix(pairs=False)]]
        while not self.take("}"):
            self.expect(",")
            if self.take("}"):
                break
            name = self.infix(pairs=False)
            self.expect(":")
            pairs.append([name, self.infix(pairs=False)])
        return {"type": "object", "value": sorted_pairs(pairs)}


def _boolean(value: bool) -> Node:  # noqa: FBT001 - the one thing it is about
    return {"type": "boolean", "value": value}
