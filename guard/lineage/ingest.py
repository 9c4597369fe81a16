"""Lineage that other tools know: dbt manifests and OpenLineage events (Spark, Airflow, Flink ...), as guard's edges.

What comes in is not trusted: sizes are bounded, names are kept and nothing else, and what is not understood is a gap.
Neither a `masking` flag nor a removed tag of another tool weakens a label here: its edges say no more than DIRECT or
INDIRECT, and guard's own rules decide (research: peers call any hash, and COUNT, masked).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from guard.errors import UsageError
from guard.lineage.extract import extract
from guard.lineage.graph import WHOLE
from guard.model import Dataset, Edge, EdgeSubtype, FieldRef, Gap, Value

MAX_BYTES = 200_000_000  # of one manifest; a large project has about 100 MB
MAX_EVENT_BYTES = 16_000_000
MAX_NODES = 200_000
MAX_EDGES = 1_000_000  # of one document
MAX_NAME = 1_024  # characters

_DIRECT: frozenset[str] = frozenset({"IDENTITY", "TRANSFORMATION", "AGGREGATION"})
_INDIRECT: frozenset[str] = frozenset({"JOIN", "FILTER", "GROUP_BY", "SORT", "WINDOW", "CONDITIONAL"})
_DIALECTS = {"spark": "spark", "databricks": "databricks", "sqlserver": "tsql", "fabric": "tsql", "glue": "spark"}


class Ingested(Value, frozen=True):
    """What a document told: edges, every dataset named, and what was not understood."""

    edges: tuple[Edge, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    gaps: tuple[Gap, ...] = ()


def openlineage_event(text: str | bytes) -> Ingested:
    """The edges of one OpenLineage run, job or dataset event (core 2-0-2; column lineage facet 1-0-0 to 1-2-0).

    An output without column lineage comes from the whole of every input, as the specification says: edges from `*` to
    `*`, and a gap.

    Raises:
        UsageError: not a JSON object, too large, or not an OpenLineage event; the message repeats nothing of it.
    """
    event = _object(text, MAX_EVENT_BYTES, "the event")
    if not isinstance(event.get("schemaURL"), str) or "eventTime" not in event:
        msg = "the document is not an OpenLineage event"
        raise UsageError(msg, help="an event has `eventTime` and `schemaURL`")
    inputs = [_dataset(one) for one in _list(event, "inputs")]
    edges: dict[Edge, None] = {}
    gaps: list[Gap] = []
    told = [*_list(event, "outputs"), *([event["dataset"]] if isinstance(event.get("dataset"), dict) else [])]
    outputs = [_dataset(one) for one in told]
    for target, one in zip(outputs, told, strict=True):
        facets = one.get("facets")
        facet = facets.get("columnLineage") if isinstance(facets, dict) else None
        if isinstance(facet, dict):
            for edge in _column_lineage(facet, target):
                edges[edge] = None
                if len(edges) > MAX_EDGES:
                    raise _too_large("the event", MAX_EDGES, "edges")
        elif inputs:
            for source in inputs:
                edges[Edge(FieldRef(source, WHOLE), FieldRef(target, WHOLE), "DIRECT", "TRANSFORMATION")] = None
            gaps.append(Gap(code="unknown_column", what=target.name[:120], help="have its job send column lineage"))
    return Ingested(tuple(edges), tuple(dict.fromkeys([*inputs, *outputs])), tuple(gaps))


def dbt_manifest(text: str | bytes, *, namespace: str, dialect: str = "") -> Ingested:
    """The edges of a dbt project from `target/manifest.json` (schema v4 and later), of models, snapshots and seeds.

    Compiled SQL is read as `dialect`, or as the adapter's that the manifest names. A model that was not compiled has an
    edge from the whole of each parent, and a gap. `namespace` is the OpenLineage name of the warehouse.

    Raises:
        UsageError: not a manifest, or too large.
    """
    manifest = _object(text, MAX_BYTES, "the manifest")
    nodes, sources = manifest.get("nodes"), manifest.get("sources")
    metadata = manifest.get("metadata")
    if not isinstance(nodes, dict) or not isinstance(sources, dict) or not isinstance(metadata, dict):
        msg = "the document is not a dbt manifest"
        raise UsageError(msg, help="give `target/manifest.json` after `dbt compile`")
    if len(nodes) + len(sources) > MAX_NODES:
        raise _too_large("the manifest", MAX_NODES, "nodes")
    adapter = str(metadata.get("adapter_type") or "")
    named = dialect or _DIALECTS.get(adapter, adapter)
    relations = {key: node for key, node in {**nodes, **sources}.items() if isinstance(node, dict) and _relation(node)}
    schema = {_relation(node): columns for node in relations.values() if (columns := _columns(node))}
    edges: dict[Edge, None] = {}
    gaps: list[Gap] = []
    for node in relations.values():
        if node.get("resource_type") not in ("model", "snapshot"):
            continue
        target = Dataset(namespace, _relation(node))
        sql = node.get("compiled_code") or node.get("compiled_sql")
        lineage = extract(sql, named, schema, namespace=namespace) if isinstance(sql, str) and sql.strip() else None
        if lineage is None or not lineage.outputs:
            gaps.append(Gap(code="unparsed_sql", what=target.name[:120], help="run `dbt compile`, check the dialect"))
            for parent in _parents(node):
                if parent in relations:
                    source = Dataset(namespace, _relation(relations[parent]))
                    edges[Edge(FieldRef(source, WHOLE), FieldRef(target, WHOLE), "DIRECT", "TRANSFORMATION")] = None
            continue
        gaps += [Gap(code=gap.code, what=f"{target.name}: {gap.what}"[:120], help=gap.help) for gap in lineage.gaps]
        for edge in lineage.edges:
            edges[msgspec.structs.replace(edge, target=FieldRef(target, edge.target.path))] = None
        if len(edges) > MAX_EDGES:
            raise _too_large("the manifest", MAX_EDGES, "edges")
    datasets = tuple(sorted(Dataset(namespace, _relation(node)) for node in relations.values()))
    return Ingested(tuple(edges), datasets, tuple(dict.fromkeys(gaps)))


def _column_lineage(facet: Mapping[str, Any], target: Dataset) -> Iterator[Edge]:
    fields = facet.get("fields", {})
    if not isinstance(fields, dict):
        raise _malformed()
    for name, field in fields.items():
        if not isinstance(field, dict):
            raise _malformed()
        for source in _list(field, "inputFields"):
            yield from _edges(source, FieldRef(target, _name(name)))
    for source in _list(facet, "dataset"):
        yield from _edges(source, FieldRef(target, WHOLE))


def _edges(source: Mapping[str, Any], target: FieldRef) -> Iterator[Edge]:
    start = FieldRef(_dataset(source), _name(source.get("field")))
    ways = _list(source, "transformations")
    if not ways:  # the older facet: something of the value arrives, nobody says how
        kind = "INDIRECT" if target.path == WHOLE else "DIRECT"
        yield Edge(start, target, kind, "FILTER" if kind == "INDIRECT" else "TRANSFORMATION")  # type: ignore[arg-type]  # of two literals
    for way in ways:
        kind, subtype = str(way.get("type", "")).upper(), str(way.get("subtype", "")).upper()
        if kind == "INDIRECT":
            yield Edge(start, target, "INDIRECT", subtype if subtype in _INDIRECT else "FILTER")  # type: ignore[arg-type]  # checked
        else:
            own: EdgeSubtype = subtype if subtype in _DIRECT else "TRANSFORMATION"  # type: ignore[assignment]  # checked
            yield Edge(start, target, "DIRECT", own)


def _object(text: str | bytes, size: int, what: str) -> dict[str, Any]:
    if len(text) > size:
        raise _too_large(what, size, "bytes")
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        found = None
    if not isinstance(found, dict):
        msg = f"{what} is not a JSON object"
        raise UsageError(msg, help="send the document as it was written")
    return found


def _list(holder: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = holder.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _malformed()
    return found


def _dataset(node: Mapping[str, Any]) -> Dataset:
    return Dataset(_name(node.get("namespace")), _name(node.get("name")))


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > MAX_NAME or not value.isprintable():
        raise _malformed()
    return value


def _relation(node: Mapping[str, Any]) -> str:
    """`database.schema.name` of what dbt builds or reads; empty for what is no table (tests, analyses, ephemeral)."""
    config = node.get("config")
    built = config.get("materialized") if isinstance(config, dict) else ""
    if node.get("resource_type") not in ("model", "seed", "snapshot", "source") or built == "ephemeral":
        return ""
    name = node.get("alias") or node.get("identifier") or node.get("name")
    parts = [part for part in (node.get("database"), node.get("schema"), name) if part]
    return ".".join(_name(part) for part in parts)


def _columns(node: Mapping[str, Any]) -> dict[str, str]:
    columns = node.get("columns")
    if not isinstance(columns, dict):
        return {}
    return {
        _name(name): str((one or {}).get("data_type") or "") for name, one in columns.items() if isinstance(one, dict)
    }


def _parents(node: Mapping[str, Any]) -> list[str]:
    depends = node.get("depends_on")
    parents = depends.get("nodes") if isinstance(depends, dict) else None
    return [parent for parent in parents or [] if isinstance(parent, str)]


def _malformed() -> UsageError:
    return UsageError("the document has a part of another shape than its specification says", help="check its producer")


def _too_large(what: str, size: int, unit: str) -> UsageError:
    return UsageError(f"{what} has more than {size} {unit}", help="send it in parts")
