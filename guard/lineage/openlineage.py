"""OpenLineage events (core 2-0-2) from guard's values.

Both ways to say column lineage are written: the `columnLineage` facet 1-2-0 that today's consumers read, and the
explicit `lineage` facet 1-0-0 that succeeds it. Labels travel as tags. No event holds a value: of a statement only its
shape, and no column comments, in which people write examples.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from guard.lineage.graph import WHOLE
from guard.lineage.statement import shape
from guard.model import Dataset, Edge, FieldLabel, FieldRef, Job, Table, Value

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset
    from openlineage.client.generated.base import DatasetFacet

State: TypeAlias = Literal["START", "COMPLETE", "ABORT", "FAIL"]

PRODUCER = "https://guard.invalid/openlineage"
ACCESS_FACET = "https://guard.invalid/spec/facets/1-0-0/GuardAccessRunFacet.json#/$defs/GuardAccessRunFacet"
_RUNS = uuid.UUID("6f1d1f0e-6c6b-5d3e-9a55-8a3f6d0c2b71")  # the name space of run ids made from job ids


class Statement(Value, frozen=True):
    """The SQL of a job and its sqlglot dialect; only its shape enters the event."""

    sql: str
    dialect: str


class Known(Value, frozen=True):
    """What guard knows of the datasets in the event: their columns, labels and owners."""

    tables: tuple[Table, ...] = ()
    labels: tuple[FieldLabel, ...] = ()
    owners: tuple[tuple[Dataset, str], ...] = ()


def run_event(
    job: Job,
    edges: Sequence[Edge],
    *,
    time: str,
    state: State = "COMPLETE",
    known: Known | None = None,
    statement: Statement | None = None,
    namespace: str = "guard",
) -> bytes:
    """One RunEvent as JSON with sorted keys, on one line.

    An edge whose target dataset has no name belongs to the answer itself: its dataset is `<job name>.result` in
    `namespace`. `time` is RFC 3339.
    """
    from openlineage.client.event_v2 import Job as EventJob
    from openlineage.client.event_v2 import Run, RunEvent, RunState
    from openlineage.client.facet_v2 import job_type_job, sql_job
    from openlineage.client.serde import Serde

    known = known or Known()
    result = Dataset(namespace, f"{job.name}.result")
    edges = [_named(edge, result) for edge in edges]
    facets: dict[str, Any] = {
        "jobType": job_type_job.JobTypeJobFacet("BATCH", "GUARD", job.kind.upper(), producer=PRODUCER)
    }
    text = shape(statement.sql, statement.dialect) if statement else ""
    if statement and text:
        facets["sql"] = sql_job.SQLJobFacet(query=text, dialect=statement.dialect, producer=PRODUCER)
    event = RunEvent(
        eventType=RunState[state],
        eventTime=time,
        producer=PRODUCER,
        run=Run(runId=run_id(job)),
        job=EventJob(namespace=namespace, name=job.name, facets=facets),
        inputs=_inputs(edges, known),
        outputs=_outputs(edges, known),
    )
    document = Serde.to_dict(event)
    document["run"]["facets"] |= run_facets(job)
    return Serde.to_json(document, separators=(",", ":"), ensure_ascii=False).encode()


def dataset_events(edges: Iterable[Edge], *, time: str, known: Known | None = None) -> list[bytes]:
    """Lineage without a run: one DatasetEvent for each dataset that an edge leads to, both lineage facets in it."""
    from openlineage.client.event_v2 import DatasetEvent
    from openlineage.client.generated.base import StaticDataset
    from openlineage.client.serde import Serde

    events = []
    for output in _outputs(list(edges), known or Known()):
        static = StaticDataset(output.namespace, output.name, facets=output.facets)
        event = DatasetEvent(eventTime=time, producer=PRODUCER, dataset=static)
        events.append(Serde.to_json(event, separators=(",", ":"), ensure_ascii=False).encode())
    return events


def run_id(job: Job) -> str:
    """The job's id where it is a UUID, else the UUID that always belongs to it."""
    try:
        return str(uuid.UUID(job.id))
    except ValueError:
        return str(uuid.uuid5(_RUNS, job.id))


def run_facets(job: Job) -> dict[str, Any]:
    """What is told of the run: guard's own facet, and which guard it was."""
    return {"guard_access": access_facet(job), "processing_engine": _engine()}


@cache
def _engine() -> dict[str, Any]:
    from openlineage.client.facet_v2 import processing_engine_run
    from openlineage.client.serde import Serde

    return Serde.to_dict(
        processing_engine_run.ProcessingEngineRunFacet(metadata.version("guard"), "guard", producer=PRODUCER)
    )


def access_facet(job: Job) -> dict[str, object]:
    """Who, what for, and where the audit log says so: guard's own run facet."""
    facet: dict[str, object] = {"_producer": PRODUCER, "_schemaURL": ACCESS_FACET}
    facet |= {name: value for name, value in (("subject", job.subject), ("purpose", job.purpose)) if value}
    if job.entry is not None:
        facet["auditEntry"] = job.entry
    return facet


def _named(edge: Edge, result: Dataset) -> Edge:
    if edge.target.dataset.name:
        return edge
    return Edge(edge.source, FieldRef(result, edge.target.path), edge.type, edge.subtype, edge.masking)


def _inputs(edges: Sequence[Edge], known: Known) -> list[InputDataset]:
    """What the edges come from; a job without edges, such as a scan, read what it labelled."""
    from openlineage.client.event_v2 import InputDataset

    read = (edge.source.dataset for edge in edges) if edges else (label.field.dataset for label in known.labels)
    datasets = sorted(set(read))
    apart = _apart(known)
    return [InputDataset(each.namespace, each.name, facets=_described(apart.get(each, Known()))) for each in datasets]


def _outputs(edges: Sequence[Edge], known: Known) -> list[OutputDataset]:
    from openlineage.client.event_v2 import OutputDataset

    outputs = []
    apart = _apart(known)
    for dataset in sorted({edge.target.dataset for edge in edges}):
        whole: dict[FieldRef, list[Edge]] = {}
        columns: dict[str, dict[FieldRef, list[Edge]]] = {}
        for edge in sorted(edge for edge in edges if edge.target.dataset == dataset):
            sources = whole if edge.target.path == WHOLE else columns.setdefault(edge.target.path, {})
            sources.setdefault(edge.source, []).append(edge)
        facets = (
            _described(apart.get(dataset, Known()))
            | _column_lineage(columns, whole)
            | _explicit_lineage(columns, whole)
        )
        outputs.append(OutputDataset(dataset.namespace, dataset.name, facets=facets))
    return outputs


_Sources: TypeAlias = Mapping[FieldRef, Sequence[Edge]]


def _column_lineage(columns: Mapping[str, _Sources], whole: _Sources) -> dict[str, DatasetFacet]:
    """The facet that today's consumers read."""
    from openlineage.client.facet_v2 import column_lineage_dataset as facet

    def inputs(sources: _Sources) -> list[facet.InputField]:
        return [
            facet.InputField(
                source.dataset.namespace,
                source.dataset.name,
                source.path,
                [facet.Transformation(edge.type, edge.subtype, masking=edge.masking) for edge in edges],
            )
            for source, edges in sources.items()
        ]

    fields = {path: facet.Fields(inputs(sources)) for path, sources in columns.items()}
    return {"columnLineage": facet.ColumnLineageDatasetFacet(fields, inputs(whole), producer=PRODUCER)}


def _explicit_lineage(columns: Mapping[str, _Sources], whole: _Sources) -> dict[str, DatasetFacet]:
    """Its successor; an input with a field at dataset level acts on the whole dataset."""
    from openlineage.client.generated import lineage as facet

    def inputs(sources: _Sources) -> list[facet.LineageInput]:
        return [
            facet.LineageDatasetInput(
                source.dataset.namespace,
                source.dataset.name,
                "DATASET",
                None if source.path == WHOLE else source.path,
                [facet.LineageTransformation(edge.type, edge.subtype, masking=edge.masking) for edge in edges],
            )
            for source, edges in sources.items()
        ]

    fields = {path: facet.LineageFieldEntry(inputs(sources)) for path, sources in columns.items()}
    return {"lineage": facet.LineageDatasetFacet(inputs(whole), fields, producer=PRODUCER)}


def _apart(known: Known) -> dict[Dataset, Known]:
    """What is known, dataset by dataset: a scan labels hundreds of them in one event."""
    tables = {table.dataset: table for table in reversed(known.tables)}
    labels: dict[Dataset, list[FieldLabel]] = {}
    owners: dict[Dataset, list[tuple[Dataset, str]]] = {}
    for label in known.labels:
        labels.setdefault(label.field.dataset, []).append(label)
    for dataset, name in known.owners:
        owners.setdefault(dataset, []).append((dataset, name))
    return {
        dataset: Known(
            (tables[dataset],) if dataset in tables else (),
            tuple(labels.get(dataset, ())),
            tuple(owners.get(dataset, ())),
        )
        for dataset in tables.keys() | labels.keys() | owners.keys()
    }


def _described(known: Known) -> dict[str, DatasetFacet]:
    """Schema, owners and tags of a dataset, where they are known; `known` is of this dataset alone."""
    from openlineage.client.facet_v2 import ownership_dataset, schema_dataset, tags_dataset

    facets: dict[str, DatasetFacet] = {}
    columns = _columns(known)
    if columns:
        fields = [
            schema_dataset.SchemaDatasetFacetFields(name, kind or None, ordinal_position=at, fields=None)
            for at, (name, kind) in enumerate(columns, 1)
        ]
        facets["schema"] = schema_dataset.SchemaDatasetFacet(fields, producer=PRODUCER)
    owners = [ownership_dataset.Owner(name, "OWNER") for _, name in known.owners]
    if owners:
        facets["ownership"] = ownership_dataset.OwnershipDatasetFacet(owners, producer=PRODUCER)
    tags = [
        tags_dataset.TagsDatasetFacetFields(each.label.kind, _tag(each), "guard", each.field.path)
        for each in known.labels
        if each.label is not None
    ]
    if tags:
        facets["tags"] = tags_dataset.TagsDatasetFacet(tags, producer=PRODUCER)
    return facets


def _columns(known: Known) -> list[tuple[str, str]]:
    """Names and types: as the source describes them, or as the last scan saw them."""
    if known.tables:
        return [(column.name, column.type) for column in known.tables[0].columns]
    seen = {each.field.path: each.type for each in known.labels}
    return list(seen.items())


def _tag(labelled: FieldLabel) -> str:
    """`level=4;state=raw`."""
    assert labelled.label is not None
    return f"level={labelled.label.level};state={labelled.label.state}"
