"""YAML read as JSON values only, and not more of them than the text has room for; YAML written as Go writes it."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from guard.policy.rego.numbers import parse_number
from guard.policy.rego.values import embed

MAX_NODES: Final = 200_000


class JsonLoader(yaml.SafeLoader):
    """Plain scalars as JSON has them; an alias counts as all that it stands for."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.nodes = 0

    def construct_document(self, node: Any) -> Any:
        return _build(self, node, 0)


def _build(loader: JsonLoader, node: Any, depth: int) -> Any:
    loader.nodes += 1
    if loader.nodes > MAX_NODES or depth > 200:
        raise yaml.YAMLError("too many nodes")
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, item, depth + 1) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        loader.flatten_mapping(node)
        return {_key(_build(loader, key, depth + 1)): _build(loader, value, depth + 1) for key, value in node.value}
    return _scalar(node)


def _key(value: Any) -> Any:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value) if not isinstance(value, (list, dict)) else embed(value)


_NUMBER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_TRUE: Final = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE: Final = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})


def _scalar(node: Any) -> Any:
    text = str(node.value)
    if node.style is not None or node.tag == "tag:yaml.org,2002:str":
        return text
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _NUMBER.fullmatch(text):
        return parse_number(text.removeprefix("+"))
    return text


class _Dumper(yaml.SafeDumper):
    """Lists in objects stand two columns further in."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - the signature is PyYAML's
        super().increase_indent(flow, False)  # noqa: FBT003 - as above


def dump(value: Any) -> str:
    """The YAML text of a JSON value, keys sorted."""
    text = yaml.dump(value, Dumper=_Dumper, default_flow_style=False, allow_unicode=True, width=1 << 30, sort_keys=True)
    return text.removesuffix("...\n")
