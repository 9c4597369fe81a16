"""YAML as a rule pack may use it: what two parsers could read differently is refused.

OPA reads the same files with its own parser, so duplicate keys, dates, `yes`/`no` keys, anchors and tags, numbers
that JSON has not (infinity, not-a-number) and anything but maps, lists and scalars are errors here.
"""

from __future__ import annotations

import math
from typing import Any

import yaml

from guard.errors import PolicyError

MAX_YAML_BYTES = 4 << 20
_HELP = "use plain YAML: maps with string keys, lists, strings in quotes where they look like dates or booleans"
_YAML = "tag:yaml.org,2002:"
_JSON_TAGS = frozenset(f"{_YAML}{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null"))


def load_yaml(text: str, *, file: str, first_line: int = 1) -> Any:
    """The content of one YAML document as JSON values; `first_line` is where `text` starts in `file`.

    Raises:
        PolicyError: it is not YAML, or not this subset of it; names file and line.
    """
    if len(text) > MAX_YAML_BYTES:
        raise PolicyError(f"`{file}`: the file is larger than {MAX_YAML_BYTES} characters", help="split the data")
    try:
        node = yaml.compose(text, Loader=_Loader)
        return None if node is None else _value(node, file, first_line)
    except yaml.MarkedYAMLError as error:
        line = first_line + (error.problem_mark.line if error.problem_mark else 0)
        raise PolicyError(f"`{file}`:{line}: not valid YAML: {error.problem}", help=_HELP) from None
    except yaml.YAMLError:
        raise PolicyError(f"`{file}`:{first_line}: not valid YAML", help=_HELP) from None
    except RecursionError:
        raise PolicyError(f"`{file}`:{first_line}: nested too deeply", help=_HELP) from None


class _Loader(yaml.SafeLoader):
    """Refuses aliases, which would share or multiply parts of the tree."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it untyped
            raise yaml.MarkedYAMLError(problem="an alias is not allowed", problem_mark=mark)
        return super().compose_node(parent, index)


def _value(node: yaml.Node, file: str, first_line: int) -> Any:
    def refuse(at: yaml.Node, problem: str) -> PolicyError:
        return PolicyError(f"`{file}`:{first_line + at.start_mark.line}: {problem}", help=_HELP)

    if node.tag not in _JSON_TAGS:
        raise refuse(node, f"a value of type `{node.tag.removeprefix(_YAML)}` has no counterpart in JSON")
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, file, first_line) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key, item in node.value:
            if key.tag != "tag:yaml.org,2002:str":
                raise refuse(key, "a key is not a string")
            if key.value in result:
                raise refuse(key, f"the key `{key.value}` stands here twice")
            result[key.value] = _value(item, file, first_line)
        return result
    value = _SCALARS.construct_object(node)
    if isinstance(value, float) and not math.isfinite(value):
        raise refuse(node, "a number is not finite")
    return value


_SCALARS = yaml.constructor.SafeConstructor()
