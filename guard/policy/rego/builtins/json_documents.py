"""json.filter, json.remove and json.patch (RFC 6902)."""

from __future__ import annotations

from typing import Any, Final

from guard.policy.rego.builtins.aggregates import items
from guard.policy.rego.builtins.registry import builtin, wrong_type
from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.values import NUMBERS, Value, embed, equal, unembed

Tree = dict[Any, Any]
_END: Final = object()


def _path(name: str, path: Value) -> list[Any]:
    if type(path) is str:
        if not path:
            return []
        return [part.replace("~1", "/").replace("~0", "~") for part in path.lstrip("/").split("/")]
    if type(path) is list:
        return [embed(part) for part in path]
    raise wrong_type(name, 2, "string|array", path)


def _tree(name: str, paths: Value) -> Tree:
    """The paths as a tree; a leaf is `_END`, and a path that goes on below another's end adds nothing."""
    tree: Tree = {}
    for path in items(paths):
        keys = _path(name, path)
        node = tree
        for position, key in enumerate(keys):
            if node.get(key) is _END:
                break
            if position == len(keys) - 1:
                node[key] = _END
            else:
                node = node.setdefault(key, {})
    return tree


def _children(value: Value) -> list[tuple[Any, Value]]:
    """What lies below a value, by the keys that a path names it with."""
    if type(value) is dict:
        return list(value.items())
    if type(value) is list:
        return [(str(position), item) for position, item in enumerate(value)]
    return [(item, unembed(item)) for item in value]


def _below(tree: Tree, key: Any, value: Value) -> Any:
    found = tree.get(key)
    if found is None and type(value) is list:
        found = tree.get(int(key))
    if found is None and not isinstance(key, str):
        found = tree.get(str(unembed(key)))
    return found


def _rebuilt(value: Value, kept: list[tuple[Any, Value]]) -> Value:
    if type(value) is dict:
        return dict(kept)
    if type(value) is list:
        return [item for _, item in kept]
    return {embed(item) for _, item in kept}


def _filter(value: Value, tree: Tree) -> Value:
    if type(value) not in {dict, list, set}:
        return value
    kept = []
    for key, item in _children(value):
        below = _below(tree, key, value)
        if below is not None:
            kept.append((key, item if below is _END else _filter(item, below)))
    return _rebuilt(value, kept)


def _remove(value: Value, tree: Tree) -> Value:
    if type(value) not in {dict, list, set}:
        return value
    kept = []
    for key, item in _children(value):
        below = _below(tree, key, value)
        if below is None:
            kept.append((key, item))
        elif below is not _END:
            kept.append((key, _remove(item, below)))
    return _rebuilt(value, kept)


@builtin("json.filter", "object", "array|set")
def filter_(obj: Value, paths: Value) -> Value:
    """The parts at the paths alone."""
    return _filter(obj, _tree("json.filter", paths))


@builtin("json.remove", "object", "array|set")
def remove(obj: Value, paths: Value) -> Value:
    """All but the parts at the paths."""
    return _remove(obj, _tree("json.remove", paths))


@builtin("json.patch", "any", "array")
def patch(document: Value, patches: list[Value]) -> Value:
    """The document after the operations, each of which must succeed."""
    for operation in patches:
        if type(operation) is not dict:
            raise BuiltinError("`json.patch`: operand 2 must be an array of objects", kind="eval_type_error")
        document = _apply(document, operation)
    return document


def _field(operation: Value, name: str) -> Value:
    if name not in operation:
        raise BuiltinError(f"`json.patch`: missing `{name}` attribute")
    return operation[name]


def _apply(document: Value, operation: Value) -> Value:
    path = _path("json.patch", _field(operation, "path"))
    match _field(operation, "op"):
        case "add":
            return _put(document, path, _field(operation, "value"), insert=True)
        case "remove":
            return _take(document, path)
        case "replace":
            _get(document, path)
            return _put(document, path, _field(operation, "value"), insert=False)
        case "move":
            source = _path("json.patch", _field(operation, "from"))
            value = _get(document, source)
            return _put(_take(document, source), path, value, insert=True)
        case "copy":
            value = _get(document, _path("json.patch", _field(operation, "from")))
            return _put(document, path, value, insert=True)
        case "test":
            if not equal(_get(document, path), _field(operation, "value")):
                raise BuiltinError("`json.patch`: a test did not hold")
            return document
        case _:
            raise BuiltinError("`json.patch`: unrecognised operation")


def _missing() -> BuiltinError:
    return BuiltinError("`json.patch`: a path does not exist")


def _position(key: Any, length: int) -> int:
    if type(key) is str:
        if not key.isdecimal() or not key.isascii() or (len(key) > 1 and key[0] == "0") or len(key) > 9:
            raise _missing()
        key = int(key)
    if type(key) not in NUMBERS or key != int(key) or not 0 <= key < length:
        raise _missing()
    return int(key)


def _get(document: Value, path: list[Any]) -> Value:
    for key in path:
        if type(document) is dict and key in document:
            document = document[key]
        elif type(document) is list:
            document = document[_position(key, len(document))]
        elif type(document) is set and key in document:
            document = unembed(key)
        else:
            raise _missing()
    return document


def _put(document: Value, path: list[Any], value: Value, *, insert: bool) -> Value:
    if not path:
        return value
    key, rest = path[0], path[1:]
    if rest:
        return _with(document, key, _put(_get(document, [key]), rest, value, insert=insert))
    if type(document) is dict:
        return {**document, key: value}
    if type(document) is set:
        if not equal(unembed(key), value):
            raise BuiltinError("`json.patch`: a set's path must name the value itself")
        return document | {key}
    if type(document) is not list:
        raise _missing()
    if not insert:
        return _with(document, key, value)
    position = len(document) if key == "-" else _position(key, len(document) + 1)
    return [*document[:position], value, *document[position:]]


def _with(document: Value, key: Any, value: Value) -> Value:
    """The document with another value at an existing key."""
    if type(document) is dict:
        return {**document, key: value}
    if type(document) is set:
        return (document - {key}) | {embed(value)}
    position = _position(key, len(document))
    return [*document[:position], value, *document[position + 1 :]]


def _take(document: Value, path: list[Any]) -> Value:
    if not path:
        raise _missing()
    key, rest = path[0], path[1:]
    found = _get(document, [key])
    if rest:
        return _with(document, key, _take(found, rest))
    if type(document) is dict:
        return {name: item for name, item in document.items() if name != key}
    if type(document) is set:
        return document - {key}
    position = _position(key, len(document))
    return [*document[:position], *document[position + 1 :]]
