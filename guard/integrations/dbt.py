"""dbt: which columns of a project are sensitive, and a properties file that says so to dbt.

    labels = g.catalogue("postgresql://...")
    Path("models/guard.yml").write_text(patch(Path("target/manifest.json").read_text(), labels))

Only models, snapshots, seeds and sources whose relation was scanned are written. Each column gets the tag `guard` and
its kind, and `meta.guard` with kind, level, state and score. dbt takes one description of a resource: `patches` puts
the entries of those that a file describes into that file, and only the others into a new one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from guard.errors import UsageError
from guard.model import Column, Dataset, FieldLabel, Table, TableName, Value

if TYPE_CHECKING:
    from guard.classify import Classifier

MAX_BYTES = 256 << 20
NEW_FILE = "models/guard.yml"
NAMESPACE = "dbt"
_KINDS = {"model": "models", "snapshot": "snapshots", "seed": "seeds"}


class Resource(Value, frozen=True):
    """A relation of a dbt project; `source` is the name of its source, empty for what dbt builds."""

    kind: str
    name: str
    source: str
    relation: str  # database.schema.identifier, lower case
    columns: tuple[Column, ...]
    comment: str = ""
    described_in: str = ""  # the properties file that describes it, from the project's folder


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


def judged(manifest: str | bytes, classifier: Classifier) -> list[FieldLabel]:
    """Labels of the columns that a manifest describes, from their names, types and comments alone.

    Raises:
        UsageError: it is no manifest.
    """
    import pyarrow as pa

    labels: list[FieldLabel] = []
    for each in resources(manifest):
        dataset = Dataset(NAMESPACE, each.relation)
        table = Table(TableName(each.relation.rpartition(".")[2]), dataset, each.columns, comment=each.comment)
        empty = pa.table({column.name: pa.array([], pa.string()) for column in each.columns})
        labels += classifier.classify_table(empty, dataset=dataset, info=table)
    return labels


def labels_of(manifest: str | bytes, labels: Iterable[FieldLabel]) -> list[FieldLabel]:
    """The labels that are of relations of the project.

    Raises:
        UsageError: it is no manifest.
    """
    names = {name for each in resources(manifest) for name in (each.relation, each.relation.partition(".")[2])}
    return [label for label in labels if label.field.dataset.name.lower() in names]


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


def patches(manifest: str | bytes, labels: Iterable[FieldLabel], read: Callable[[str], str]) -> dict[str, str]:
    """By file, from the project's folder, what `patch` says: merged into the files that describe a resource already,
    and a new `models/guard.yml` for the rest. Comments of a merged file are lost.

    Args:
        manifest: the manifest.
        labels: what is known of the columns.
        read: the text of a properties file.

    Raises:
        UsageError: it is no manifest, or a properties file is not as the manifest says.
    """
    known = resources(manifest)
    whole = yaml.safe_load(patch(manifest, labels))
    places = {(_section(each), each.source, each.name): each.described_in for each in known}
    merged: dict[str, Any] = {}
    for section, source, entry in _entries(whole):
        path = places[section, source, entry["name"]] or NEW_FILE
        if path not in merged:
            merged[path] = {"version": 2} if path == NEW_FILE else _properties(path, read(path))
        _put(merged[path], section, source, entry, path)
    return {path: yaml.safe_dump(each, sort_keys=False, allow_unicode=True) for path, each in merged.items()}


def _entries(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for section in _KINDS.values():
        yield from ((section, "", entry) for entry in document.get(section, ()))
    for source in document.get("sources", ()):
        yield from (("sources", source["name"], entry) for entry in source["tables"])


def _section(each: Resource) -> str:
    return "sources" if each.source else _KINDS[each.kind]


def _properties(path: str, text: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError(f"`{path}` is no properties file", help="run `dbt parse` again")
    return found


def _put(document: dict[str, Any], section: str, source: str, entry: dict[str, Any], path: str) -> None:
    """Merges an entry into the one of its name; what people wrote there stays."""
    rows = document.setdefault(section, [])
    if source:
        rows = _named(rows, source, path).setdefault("tables", [])
    if path == NEW_FILE:
        rows.append(entry)
        return
    columns = _named(rows, entry["name"], path).setdefault("columns", [])
    for wanted in entry["columns"]:
        same = (one for one in columns if str(one.get("name", "")).lower() == wanted["name"].lower())
        column = next(same, None)
        if column is None:
            columns.append(column := {"name": wanted["name"]})
        told = column.get("meta")
        meta: dict[str, Any] = told if isinstance(told, dict) else {}
        before = meta.get("guard")
        ours = {"guard", before.get("kind") if isinstance(before, dict) else ""}
        tags = column.get("tags") or []
        theirs = [tag for tag in ([tags] if isinstance(tags, str) else tags) if tag not in ours]
        column["tags"] = [*theirs, *(tag for tag in wanted["tags"] if tag not in theirs)]
        column["meta"] = {**meta, **wanted["meta"]}


def _named(rows: list[dict[str, Any]], name: str, path: str) -> dict[str, Any]:
    found = next((row for row in rows if row.get("name") == name), None)
    if found is None:
        raise UsageError(f"`{path}` does not describe `{name}`", help="run `dbt parse` again")
    return found


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
            columns=tuple(_columns(columns)) if isinstance(columns, dict) else (),
            comment=str(node.get("description") or ""),
            described_in=_described_in(node),
        )


def _columns(columns: dict[str, Any]) -> Iterator[Column]:
    for name, about in columns.items():
        told = about if isinstance(about, dict) else {}
        spelled = told.get("name")
        comment, kind = told.get("description"), told.get("data_type")
        yield Column(spelled if isinstance(spelled, str) else name, str(kind or ""), comment=str(comment or ""))


def _described_in(node: dict[str, Any]) -> str:
    """`project://models/x.yml` of a model; a source is described where it is defined."""
    path = node.get("original_file_path") if node["resource_type"] == "source" else node.get("patch_path")
    return str(path or "").partition("://")[2] or str(path or "")


def _column(label: FieldLabel, spelled: tuple[Column, ...]) -> dict[str, Any]:
    assert label.label is not None
    name = next((each.name for each in spelled if each.name.lower() == label.field.path.lower()), label.field.path)
    about = {"kind": label.label.kind, "level": label.label.level, "state": str(label.label.state)}
    return {
        "name": name,
        "tags": ["guard", label.label.kind],
        "meta": {"guard": msgspec.to_builtins(about) | {"score": round(label.score, 4)}},
    }
