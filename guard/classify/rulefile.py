"""Reading a folder of YAML rule files strictly: safe loader, bounded size, one spelling, errors that name file and
key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import yaml

from guard.errors import ConfigError

LARGEST = 1_000_000  # bytes of one file

T = TypeVar("T")


# libyaml's parser where PyYAML was built with it: a rule pack is read in a tenth of the time.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _UniqueKeys(_Loader):  # type: ignore[misc] # which of the two it is, is known at run time only
    """YAML without duplicate keys or Python objects; `no`, `on` and dates are words, as in YAML 1.2."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML reads it from the class
        first: [(tag, form) for tag, form in resolvers if not tag.endswith((":bool", ":timestamp"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _mapping(loader: _UniqueKeys, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.YAMLError(f"duplicate key `{key}`")
        seen.add(key)
    return cast("dict[Any, Any]", yaml.SafeLoader.construct_mapping(loader, node, deep=True))


_UniqueKeys.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), list("tf"))
_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def files(folder: Path) -> list[Path]:
    """The `.yaml` files of a folder in order of name.

    Raises:
        ConfigError: the folder is missing or has none.
    """
    found = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not found:
        raise ConfigError(
            f"`{folder}` holds no rule file", help="point `rules` at a rule pack; the default one is `rules/`"
        )
    return found


def read(path: Path, shape: type[T]) -> T:
    """The content of one file as `shape`, a strict msgspec type.

    Raises:
        ConfigError: not readable, too large, not YAML, or an unknown or missing key; names file and key.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"`{path}` cannot be read: {error.strerror}") from error
    if len(raw) > LARGEST:
        raise ConfigError(f"`{path}` is larger than {LARGEST} bytes")
    try:
        content = yaml.load(raw, Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader that also refuses duplicate keys
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" line {where.line + 1}" if where else ""
        raise ConfigError(f"`{path}`{line} is not valid YAML: {getattr(error, 'problem', None) or error}") from error
    try:
        return msgspec.convert(content, shape, strict=True)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"`{path}` does not fit: {_lower(str(error))}", help="see docs/reference/kinds.md for the keys"
        ) from error


def canonical(value: object) -> bytes:
    """Bytes that are equal for equal rule content, for versions."""
    return msgspec.json.encode(msgspec.to_builtins(value), order="deterministic")


def merge(path: Path, into: dict[str, T], more: Mapping[str, T]) -> None:
    """Adds `more` to `into`; the same key in two files is an error."""
    for key, value in more.items():
        if key in into:
            raise ConfigError(f"`{path}` defines `{key}` again", help="keep one of the two")
        into[key] = value


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
