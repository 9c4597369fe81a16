"""graph.* and walk."""

from __future__ import annotations

from typing import Any, Final

from guard.policy.rego.builtins.aggregates import items
from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import LimitError
from guard.policy.rego.values import Value, embed, sorted_elements, sorted_keys, unembed

MAX_PATHS: Final = 100_000
MAX_NODES: Final = 2_000_000


def _neighbours(graph: dict[Any, Value], node: Any) -> list[Any]:
    found = graph.get(node)
    if type(found) is list or type(found) is set:
        return [embed(item) for item in (found if type(found) is list else sorted_elements(found))]
    return []


@builtin("graph.reachable", "object", "array|set")
def reachable(graph: dict[Any, Value], initial: Value) -> set[Any]:
    """The nodes that can be reached from the first ones, these included."""
    seen: set[Any] = set()
    queue = [embed(item) for item in items(initial)]
    while queue:
        node = queue.pop()
        if node in seen or node not in graph:
            continue
        seen.add(node)
        queue += _neighbours(graph, node)
    return seen


@builtin("graph.reachable_paths", "object", "array|set")
def reachable_paths(graph: dict[Any, Value], initial: Value) -> set[Any]:
    """The paths from the first nodes; a path ends where no edge goes on or at a node that was passed before."""
    found: set[Any] = set()
    for start in [embed(item) for item in items(initial)]:
        if start not in graph:
            continue
        following = _neighbours(graph, start)
        if not following:
            found.add(embed([unembed(start)]))
        for node in following:
            _follow(graph, node, [start], {start}, found)
    return found


def _follow(graph: dict[Any, Value], first: Any, path: list[Any], passed: set[Any], found: set[Any]) -> None:
    """Depth first, as OPA's `pathBuilder`; `passed` is shared by all that branches off one edge of the start."""
    stack: list[tuple[list[Any], Any, bool]] = [(path, first, False)]
    steps = 0
    while stack:
        path, node, check = stack.pop()
        steps += 1
        if steps > MAX_PATHS:
            raise LimitError("`graph.reachable_paths` finds too many paths")
        if node not in graph or (check and node in passed):
            found.add(embed([unembed(item) for item in path]))
            continue
        longer = [*path, node]
        following = _neighbours(graph, node)
        if check:
            passed.add(path[-1])
        if not following:
            found.add(embed([unembed(item) for item in longer]))
        stack += [(longer, neighbour, True) for neighbour in reversed(following)]


@builtin("walk", "any")
def walk(value: Value) -> list[Value]:
    """Every path into the value with what stands there: `[[path, value], ...]`."""
    found: list[Value] = []
    stack: list[tuple[list[Value], Value]] = [([], value)]
    size = 0
    while stack:
        path, item = stack.pop()
        found.append([path, item])
        size += len(path) + 1
        if size > MAX_NODES:
            raise LimitError("`walk` finds too many paths")
        if type(item) is dict:
            stack += [([*path, unembed(key)], item[key]) for key in reversed(sorted_keys(item))]
        elif type(item) is list:
            stack += [([*path, position], item[position]) for position in range(len(item) - 1, -1, -1)]
        elif type(item) is set:
            stack += [([*path, member], member) for member in reversed(sorted_elements(item))]
    return found
