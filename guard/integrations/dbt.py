"""dbt: which columns of a project are sensitive, and a properties file that says so to dbt.

    labels = g.catalogue("postgresql://...")
    Path("models/guard.yml").write_text(patch(Path("target/manifest.json").read_text(), labels))

Only models, snapshots, seeds and sources whose relation was scanned are written. Each column gets the tag `guard` and
its kind, and `meta.guard` with kind, level, state and score. Properties that other files set are not in the patch: dbt
takes one patch a model, so put the file where no other names the model, or merge it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import yaml

from guard.errors import UsageError
from guard.model import FieldLabel, Value

MAX_BYTES = 256 << 20
_KINDS = {"model": "models", "snapshot": "snapshots", "seed": "seeds"}


class Resource(Value, frozen=True):
    """A relation of a dbt project; `source` is the name of its source, empty for what dbt builds."""

    kind: str
    name: str
    source: str
    relation: str  # database.schema.identifier, lower case
    columns: tuple[str, ...]


def resources(manifest: str | bytes) -> tuple[Resource, ...]:
    """Models, snapshots, seeds and sources of `target/manifest.json` (schema v4 and later), in order of relation.

    Raises:
        UsageError: it is no manifest, or too large.
    """
    if len(manifest) > MAX_BYTES:
        raise UsageError("the dbt manifest is too large", help=f"at most {MAX_BYTES} bytes")
    try:
        whole = json.loads(manifest)
    except (ValueError, RecursionError):
        whole = None
    if not isinstance(whole, dict) or not isinstance(whole.get("nodes"), dict) or "metadata" not in whole:
        raise UsageError("the document is not a dbt manifest", help="give `target/manifest.json` after `dbt parse`")
    sources = whole.get("sources")
    nodes = [*whole["nodes"].values(), *(sources.values() if isinstance(sources, dict) else ())]
    return tuple(sorted(_found(nodes), key=lambda each: (each.relation, each.kind, each.name)))


def patch(manifest: str | bytes, labels: Iterable[FieldLabel]) -> str:
    """A properties file (`version: 2`) with tags and `meta.guard` for every sensitive column of the project.

    Raises:
        UsageError: it is no manifest.
    """
    by_relation: dict[str, list[FieldLabel]] = {}
    for label in labels:
        if label.verdict == "sensitive" and label.label and label.field.path.isprintable():
            by_relation.setdefault(label.field.dataset.name.lower(), []).append(label)
    document: dict[str, Any] = {"version": 2}
    of_sources: dict[str, list[dict[str, Any]]] = {}
    for each in resources(manifest):
        found = by_relation.get(each.relation) or by_relation.get(each.relation.partition(".")[2])
        if not found:
            continue
        entry = {"name": each.name, "columns": [_column(label, each.columns) for label in found]}
        if each.source:
            of_sources.setdefault(each.source, []).append(entry)
        else:
            document.setdefault(_KINDS[each.kind], []).append(entry)
    if of_sources:
        document["sources"] = [{"name": name, "tables": tables} for name, tables in sorted(of_sources.items())]
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _found(nodes: Iterable[Any]) -> Iterator[Resource]:
    for node in nodes:
        if not isinstance(node, dict) or node.get("resource_type") not in (*_KINDS, "source"):
            continue
        name = node.get("identifier") or node.get("alias") or node.get("name")
        parts = (node.get("database"), node.get("schema"), name)
        relation = ".".join(str(part).lower() for part in parts if part)
        columns = node.get("columns")
        yield Resource(
            kind=str(node["resource_type"]),
            name=str(node.get("name")),
            source=str(node.get("source_name") or "") if node["resource_type"] == "source" else "",
            relation=relation,
            columns=tuple(columns) if isinstance(columns, dict) else (),
        )


def _column(label: FieldLabel, spelled: tuple[str, ...]) -> dict[str, Any]:
    assert label.label is not None
    name = next((each for each in spelled if each.lower() == label.field.path.lower()), label.field.path)
    about = {"kind": label.label.kind, "level": label.label.level, "state": str(label.label.state)}
    return {
        "name": name,
        "tags": ["guard", label.label.kind],
        "meta": {"guard": msgspec.to_builtins(about) | {"score": round(label.score, 4)}},
    }
