"""rego.parse_module: a policy's text as a tree, for policies about policies."""

from __future__ import annotations

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.tree.cursor import Node
from guard.policy.rego.tree.modules import parse_module


@builtin("rego.parse_module", "string", "string")
def rego_parse_module(name: str, text: str) -> Node:
    """The tree of a module, as OPA writes it."""
    return parse_module(name, text)
