"""Bodies of a module: expressions with `not`, `some`, `every`, `with`."""

from __future__ import annotations

from typing import Any, Final

from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.tree.cursor import Node
from guard.policy.rego.tree.terms import Terms, ref

TRUE: Final[Node] = {"type": "boolean", "value": True}
MEMBER: Final = (ref("internal", "member_2"), ref("internal", "member_3"))


class Bodies(Terms):
    """Reads bodies."""

    def body(self, end: str) -> list[Node]:
        """The expressions up to a bracket, which is stepped over; on new lines, or with `;` between them."""
        self.deeper()
        found: list[Node] = []
        while not (found and self.text() == end):
            if found and not self.take(";") and not self.on_new_line():
                raise self.illegal(f"expected a new line, `;` or `{end}`")
            if found and self.text() == end:
                break
            found.append({"index": len(found), **self.literal()})
        self.advance()
        self.depth -= 1
        return found

    def literal(self) -> Node:
        """One expression, without its place in the body."""
        if self.at_keyword("some"):
            return self._some()
        if self.at_keyword("every"):
            return self._every()
        negated = self.at_keyword("not")
        if negated:
            self.advance()
            if self.at_keyword("some", "every", "not"):
                raise self.illegal("`not` in front of what cannot be negated")
        found: Node = {"terms": self._terms()}
        if negated:
            found["negated"] = True
        return self._with(found)

    def _terms(self) -> Node | list[Node]:
        left = self.infix()
        for mark, name in (("=", "eq"), (":=", "assign")):
            if self.take(mark):
                return [ref(name), left, self.infix()]
        operands: list[Node] = left["value"] if left["type"] == "call" else []
        return operands or left

    def _with(self, found: Node) -> Node:
        changes = []
        while self.at_keyword("with"):
            self.advance()
            if not self.at_name():
                raise self.illegal("expected what `with` replaces")
            target = self.term()
            if target["type"] not in {"ref", "var"} or not self.at_keyword("as"):
                raise self.illegal("expected `as`")
            self.advance()
            changes.append({"target": target, "value": self.infix()})
        return {**found, "with": changes} if changes else found

    def _some(self) -> Node:
        self.advance()
        before = self.state
        try:
            term = self.infix()
        except BuiltinError:
            term = TRUE
        if term["type"] == "call":
            self._check_member(term)
            return self._with({"terms": {"symbols": [term]}})
        self.state = before
        symbols = []
        while True:
            if not self.at_name():
                raise self.illegal("expected a variable")
            symbols.append(self.variable())
            if not self.take(","):
                return {"terms": {"symbols": symbols}}

    def _every(self) -> Node:
        self.advance()
        term = self.infix()
        self._check_member(term)
        *names, domain = term["value"][1:]
        if any(name["type"] != "var" for name in names):
            raise self.illegal("expected variables after `every`")
        self.expect("{")
        key = names[0] if len(names) == 2 else None
        found: dict[str, Any] = {"key": key, "value": names[-1], "domain": domain, "body": self.body("}")}
        return self._with({"terms": found})

    def _check_member(self, term: Node) -> None:
        if term["type"] != "call" or term["value"][0] not in MEMBER:
            raise self.illegal("expected `x in xs` or `x, y in xs`")
