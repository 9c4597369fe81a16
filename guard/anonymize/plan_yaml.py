"""YAML as plans use it: no aliases, no tags, no repeated keys; keys are always texts.

A column may be called `on`, `no`, `2024` or `null`. Scalars follow the JSON schema of YAML 1.2 (10.2):
`true` and `false` are booleans, `null` is null, plain decimal numbers are numbers, all else is text.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from guard.errors import PlanError

MAX_CHARACTERS = 1024 * 1024
MAX_DEPTH = 8

_NULL = re.compile("null|~|")
_BOOLEAN = re.compile("true|false")
_WHOLE = re.compile("-?(0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,3})?")
_PLAIN = ("tag:yaml.org,2002:str", "!", None)


def load_yaml(text: str) -> Any:
    """The one document of a text.

    Raises:
        PlanError: not such YAML; names the line.
    """
    if len(text) > MAX_CHARACTERS:
        msg = f"the plan has more than {MAX_CHARACTERS} characters"
        raise PlanError(msg, help="a plan names each column once")
    try:
        _no_aliases(text)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        msg = f"the plan is not YAML at line {_line(mark)}"
        raise PlanError(msg, help="see docs/how-to/anonymise-a-file.md for a whole plan") from None
    except yaml.YAMLError:
        msg = "the plan is not YAML: it holds a character that may not stand in a text"
        raise PlanError(msg, help="save it as UTF-8 text") from None
    return _build(root, 0) if root is not None else None


def _line(mark: Any) -> int:
    return mark.line + 1 if mark else 1


class _Loader(yaml.SafeLoader):
    """Leaves every plain scalar a text: `_build` decides."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's interface


def _no_aliases(text: str) -> None:
    for event in yaml.parse(text, Loader=_Loader):
        tag = getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or tag not in _PLAIN:
            msg = f"the plan uses an alias, an anchor or a tag at line {_line(event.start_mark)}"
            raise PlanError(msg, help="write the value out")


def _build(node: yaml.Node, depth: int) -> Any:
    if depth > MAX_DEPTH:
        msg = f"the plan is nested too deep at line {_line(node.start_mark)}"
        raise PlanError(msg, help=f"a plan has at most {MAX_DEPTH} levels")
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, depth + 1) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, depth)
    quoted = isinstance(node, yaml.ScalarNode) and node.style is not None
    return node.value if quoted else _scalar(node.value)


def _mapping(node: yaml.MappingNode, depth: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.value in result:
            msg = f"the plan repeats a key, or has a key that is not a name, at line {_line(key.start_mark)}"
            raise PlanError(msg, help="each key stands once")
        result[key.value] = _build(value, depth + 1)
    return result


def _scalar(text: str) -> Any:
    if _NULL.fullmatch(text):
        return None
    if _BOOLEAN.fullmatch(text):
        return text == "true"
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


class _Dumper(yaml.SafeDumper):
    """Quotes what `load_yaml`, or a YAML 1.1 reader, would not take for a text."""


def dump_yaml(value: Any) -> str:
    """The text of a plan; `load_yaml` gives the same value back."""
    text: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
    return text


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = None if isinstance(_scalar(text), str) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
