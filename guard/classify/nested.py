"""Columns inside columns: structs, lists, maps, and JSON that stands in text, as fields with paths.

`contact.phone` is a member, `tags[]` the elements of a list, `extra{}` the values of a map. A name that is itself
data (a telephone number as a JSON key) never becomes a path: such keys are read together as `{}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.classify.cells import Cells, of_array, of_texts
from guard.classify.documents import read_documents
from guard.classify.effort import ORDINARY, Effort
from guard.classify.registry import column_dispatch

if TYPE_CHECKING:
    import pyarrow as pa

DEEPEST = 32  # levels; deeper parts are reported as not scanned
MOST_KEYS = 200  # paths of one JSON column
_MOST_LEAVES = 200_000  # of one column
_RARE = 20  # a key of fewer than one document in so many ...
_RARE_FROM = 20  # ... when there are at least so many documents
_KEY = re.compile(r"[A-Za-z_\u4e00-\u9fff][A-Za-z0-9_\u4e00-\u9fff$-]{0,63}")


@dataclass(frozen=True)
class Part:
    """A field to be judged: its path, what it holds, and the field it is inside of (empty at the top).

    `cells` is None when the part cannot be read as text, and `reason` then says why.
    """

    path: str
    type: str
    cells: Cells | None
    parent: str = ""
    reason: str = ""


def parts(name: str, array: pa.ChunkedArray, effort: Effort = ORDINARY) -> Iterator[Part]:
    """The column itself, then everything inside it."""
    yield from _arrow(name, array, "", 0, effort)


def _arrow(path: str, array: Any, parent: str, depth: int, effort: Effort) -> Iterator[Part]:
    import pyarrow as pa

    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
        array = pa.chunked_array([chunk.storage for chunk in chunks], type=kind.storage_type)
        kind = array.type
    spelled = str(kind)
    if depth > DEEPEST:
        yield Part(path, spelled, None, parent, f"nested deeper than {DEEPEST} levels")
        return
    if pa.types.is_struct(kind):
        yield Part(path, spelled, Cells([], len(array), array.null_count), parent)
        for field, child in zip(kind, _combined(array).flatten(), strict=True):
            yield from _arrow(f"{path}.{field.name}", child, path, depth + 1, effort)
    elif pa.types.is_map(kind):
        yield Part(path, spelled, Cells([], len(array), array.null_count), parent)
        combined = _combined(array)
        yield from _arrow(f"{path}{{}}", combined.items, path, depth + 1, effort)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        yield Part(path, spelled, Cells([], len(array), array.null_count), parent)
        yield from _arrow(f"{path}[]", _combined(array).flatten(), path, depth + 1, effort)
    else:
        cells = of_array(array, effort)
        reason = "" if cells else "its values are not text, numbers or dates"
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
        found = read_documents(cells.values, effort.documents) if cells and is_text else None
        if cells and found and found.parsed:
            read = cells.looked_at - (cells.distinct - len(cells.values))
            yield Part(path, spelled, Cells([], read, cells.nulls), parent)
            yield from _json(path, found.parsed, effort)
        else:
            yield Part(path, spelled, cells, parent, reason)
        if found and found.unread:
            whole = "documents are cut or damaged, and what lies behind was not read"
            yield Part(f"{path}.**", "json", None, path, f"{found.unread} of {found.tried} {whole}")


def _combined(array: Any) -> Any:
    import pyarrow as pa

    if isinstance(array, pa.ChunkedArray):
        return array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    return array


def _json(path: str, documents: list[Any], effort: Effort) -> Iterator[Part]:
    leaves: dict[str, list[str]] = {}
    parents: dict[str, str] = {}
    left = _MOST_LEAVES
    deeper = False
    stack = [(path, path, document, 0) for document in reversed(documents)]
    while stack and left > 0:
        here, parent, value, depth = stack.pop()
        left -= 1
        if depth > DEEPEST:
            deeper = True
        elif isinstance(value, dict):
            for key, child in value.items():
                stack.append((_member(here, key, leaves), here, child, depth + 1))
        elif isinstance(value, list):
            stack.extend((f"{here}[]", here, child, depth + 1) for child in value)
        elif value is not None and here != path:
            leaves.setdefault(here, []).append(value if isinstance(value, str) else json.dumps(value))
            parents[here] = parent
    for leaf, values in _rare_together(leaves, parents, len(documents)):
        yield Part(leaf, "json", of_texts(values, effort), path)
    if deeper or stack:
        why = f"nested deeper than {DEEPEST} levels" if deeper else f"more than {_MOST_LEAVES} parts"
        yield Part(f"{path}.*", "json", None, path, why)


def _rare_together(
    leaves: dict[str, list[str]], parents: dict[str, str], documents: int
) -> list[tuple[str, list[str]]]:
    """The leaves in order of path; keys of fewer than one document in twenty are likely data, and are read together."""
    merged: dict[str, list[str]] = {}
    for leaf, values in leaves.items():
        rare = documents >= _RARE_FROM and len(values) * _RARE < documents and not leaf.endswith(("{}", "[]"))
        merged.setdefault(f"{parents[leaf]}{{}}" if rare else leaf, []).extend(values)
    return sorted(merged.items())


def _member(here: str, key: str, leaves: dict[str, list[str]]) -> str:
    named = f"{here}.{key}"
    if named in leaves:
        return named
    if len(leaves) >= MOST_KEYS or not _KEY.fullmatch(key) or _is_data(key):
        return f"{here}{{}}"
    return named


def _is_data(key: str) -> bool:
    """True for a key that a detector with some rarity knows, such as a person's name."""
    return any(
        d.pass_rate <= 0.05 and d.check(key)
        for d in column_dispatch().of_text(key)
        if not d.id.startswith("person.") or d.id == "person.name_zh"
    )
