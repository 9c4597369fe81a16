"""Jobs and the column graph. An edge is stored once; a job refers to its set of edges by digest.

A path of `*` in an INDIRECT edge stands for every output of its dataset.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from sqlalchemy import select, text, update

from guard.errors import UsageError
from guard.model import Dataset, Edge, FieldRef, Job, Value
from guard.store import schema
from guard.store.clock import moment, written
from guard.store.names import CHUNK, Names, insert_new

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from guard.store.store import Store

MAX_DEPTH = 100  # edges in a row
MAX_EDGES = 100_000  # edges of one answer
PROJECTION = "lineage"


class Hop(Value, frozen=True):
    """An edge of an answer and how far it is from the field that was asked about; 1 is next to it."""

    edge: Edge
    depth: int


def digest_of(edges: Sequence[Edge]) -> str:
    """Equal for equal sets of edges; empty for none."""
    return hashlib.sha256(msgspec.json.encode(sorted(set(edges)))).hexdigest() if edges else ""


class LineageRepository:
    """Adds jobs and edges, and walks the graph."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._names = Names()

    def add(self, job: Job, edges: Sequence[Edge] = ()) -> None:
        """Keeps a job and its edges; the same job twice is kept once."""
        digest = digest_of(edges)
        with self._store.write() as connection:
            self._keep(connection, digest, edges)
            self._add_jobs(connection, [(job, digest)])

    def keep(self, digest: str, edges: Sequence[Edge]) -> None:
        """Keeps a set of edges under the caller's digest, so that jobs may refer to it; no edges, nothing to keep."""
        if not edges:
            return
        with self._store.write() as connection:
            self._keep(connection, digest, edges)

    def record(self, jobs: Sequence[tuple[Job, str]], *, position: int | None = None) -> None:
        """Keeps jobs with the digest of their edges, and moves the cursor, in one transaction.

        `position` is the next index of the audit log to project; the cursor never goes back.
        """
        with self._store.write() as connection:
            self._add_jobs(connection, jobs)
            if position is not None:
                self._move(connection, position)

    def cursor(self) -> int:
        """The next index of the audit log to project; 0 in the beginning."""
        with self._store.read() as connection:
            found = connection.execute(
                select(schema.projection.c.position).where(schema.projection.c.name == PROJECTION)
            ).scalar()
        return int(found or 0)

    def advance(self, position: int) -> None:
        """Moves the cursor; it never goes back."""
        with self._store.write() as connection:
            self._move(connection, position)

    def upstream(self, field: FieldRef, depth: int = MAX_DEPTH) -> tuple[Hop, ...]:
        """The edges that lead to a field, nearest first; edges that touch every output of its dataset included."""
        return self._walk(_UPSTREAM, field, depth)

    def downstream(self, field: FieldRef, depth: int = MAX_DEPTH) -> tuple[Hop, ...]:
        """The edges that start at a field, nearest first."""
        return self._walk(_DOWNSTREAM, field, depth)

    def as_of(self, time: datetime) -> tuple[Edge, ...]:
        """The graph as it was known at a moment: every edge stored until then, sorted.

        Edges are only ever added, so that the past can be asked at any time.

        Raises:
            UsageError: more than `MAX_EDGES`.
        """
        statement = text(
            f"{_SELECT_EDGE} WHERE EXISTS (SELECT 1 FROM edge_set_edge x JOIN edge_set s ON s.digest = x.digest "
            "WHERE x.edge_id = e.id AND s.kept <= :time) LIMIT :edges"
        )
        bound = {"time": written(time), "edges": MAX_EDGES + 1}
        with self._store.read() as connection:
            rows = connection.execute(statement, bound).all()
        if len(rows) > MAX_EDGES:
            msg = f"the graph has more than {MAX_EDGES} edges"
            raise UsageError(msg, help="ask `upstream` or `downstream` of a field")
        return tuple(sorted(_edge(row) for row in rows))

    def edges(self, digest: str) -> tuple[Edge, ...]:
        """The edges of a set, sorted."""
        statement = text(f"{_SELECT_EDGE} JOIN edge_set_edge x ON x.edge_id = e.id WHERE x.digest = :digest")
        with self._store.read() as connection:
            return tuple(sorted(_edge(row) for row in connection.execute(statement, {"digest": digest})))

    def jobs(
        self,
        *,
        kind: Literal["query", "scan", "anonymize", "classify"] | None = None,
        subject: str | None = None,
        field: FieldRef | None = None,
        limit: int = 100,
    ) -> tuple[Job, ...]:
        """Jobs, the newest first; `field` keeps those with an edge from or to it."""
        columns = schema.job.c
        statement = select(
            columns.id,
            columns.kind,
            columns.name,
            columns.started,
            columns.subject,
            columns.purpose,
            columns.entry,
        ).order_by(columns.started.desc(), columns.id)
        if kind is not None:
            statement = statement.where(columns.kind == kind)
        if subject is not None:
            statement = statement.where(columns.subject == subject)
        with self._store.read() as connection:
            if field is not None:
                number = _number(connection, field)
                touching = select(schema.edge_set_edge.c.digest).join(schema.edge)
                ends = (schema.edge.c.source_id == number) | (schema.edge.c.target_id == number)
                statement = statement.where(columns.digest.in_(touching.where(ends)))
            return tuple(Job(*row) for row in connection.execute(statement.limit(limit)))

    def job_edges(self, job: str) -> tuple[Edge, ...]:
        """The edges of one job, sorted."""
        with self._store.read() as connection:
            digest = connection.execute(select(schema.job.c.digest).where(schema.job.c.id == job)).scalar()
        return self.edges(digest) if digest else ()

    def _keep(self, connection: Connection, digest: str, edges: Sequence[Edge]) -> None:
        known = select(schema.edge_set.c.digest).where(schema.edge_set.c.digest == digest)
        if not edges or connection.execute(known).scalar() is not None:
            return
        refs = {ref for edge in edges for ref in (edge.source, edge.target)}
        numbers = self._names.fields(connection, refs)
        rows = {_key(edge, numbers): edge for edge in edges}
        insert_new(connection, schema.edge, [dict(zip(_EDGE_KEY, key, strict=True)) for key in rows])
        ids = _edge_ids(connection, list(rows))
        insert_new(connection, schema.edge_set, [{"digest": digest, "kept": moment(self._store.clock)}])
        insert_new(connection, schema.edge_set_edge, [{"digest": digest, "edge_id": number} for number in ids])

    def _add_jobs(self, connection: Connection, jobs: Sequence[tuple[Job, str]]) -> None:
        rows = [msgspec.structs.asdict(job) | {"digest": digest or None} for job, digest in jobs]
        insert_new(connection, schema.job, rows)

    def _move(self, connection: Connection, position: int) -> None:
        table = schema.projection
        insert_new(connection, table, [{"name": PROJECTION, "position": 0}])
        connection.execute(
            update(table).where(table.c.name == PROJECTION, table.c.position < position).values(position=position)
        )

    def _walk(self, statement: str, field: FieldRef, depth: int) -> tuple[Hop, ...]:
        with self._store.read() as connection:
            number = _number(connection, field)
            if number is None:
                return ()
            bound = {"start": number, "depth": min(depth, MAX_DEPTH), "edges": MAX_EDGES}
            rows = connection.execute(text(statement), bound).all()
        nearest: dict[Edge, int] = {}  # an edge to `*` is met again from each output of its dataset
        for row in rows:
            edge = _edge(row)
            nearest[edge] = min(row[-1], nearest.get(edge, MAX_DEPTH))
        return tuple(Hop(edge, depth) for depth, edge in sorted((depth, edge) for edge, depth in nearest.items()))


_EDGE_KEY = ("source_id", "target_id", "type", "subtype", "masking")

_EDGE_COLUMNS = """
    sd.namespace, sd.name, sf.path, td.namespace, td.name, tf.path, e.type, e.subtype, e.masking
"""
_EDGE_JOINS = """
    JOIN field sf ON sf.id = e.source_id JOIN dataset sd ON sd.id = sf.dataset_id
    JOIN field tf ON tf.id = e.target_id JOIN dataset td ON td.id = tf.dataset_id
"""
_SELECT_EDGE = f"SELECT {_EDGE_COLUMNS} FROM edge e {_EDGE_JOINS}"

# Backwards: an edge leads to a field when it ends in it, or in the `*` of its dataset.
_UPSTREAM = f"""
WITH RECURSIVE reached(field_id, depth) AS (
    SELECT CAST(:start AS BIGINT), 0
    UNION
    SELECT e.source_id, r.depth + 1
    FROM reached r
    JOIN field f ON f.id = r.field_id
    JOIN field t ON t.dataset_id = f.dataset_id AND t.path IN (f.path, '*')
    JOIN edge e ON e.target_id = t.id
    WHERE r.depth < :depth
), nearest AS (SELECT field_id, min(depth) AS depth FROM reached GROUP BY field_id)
SELECT {_EDGE_COLUMNS}, n.depth + 1
FROM nearest n
JOIN field f ON f.id = n.field_id
JOIN field t ON t.dataset_id = f.dataset_id AND t.path IN (f.path, '*')
JOIN edge e ON e.target_id = t.id
{_EDGE_JOINS}
WHERE n.depth < :depth
LIMIT :edges
"""

# Forwards: whoever reaches the `*` of a dataset reaches all its fields.
_DOWNSTREAM = f"""
WITH RECURSIVE reached(field_id, depth) AS (
    SELECT CAST(:start AS BIGINT), 0
    UNION
    SELECT s.id, r.depth + 1
    FROM reached r
    JOIN edge e ON e.source_id = r.field_id
    JOIN field t ON t.id = e.target_id
    JOIN field s ON s.dataset_id = t.dataset_id AND (t.path = '*' OR s.path = t.path)
    WHERE r.depth < :depth
), nearest AS (SELECT field_id, min(depth) AS depth FROM reached GROUP BY field_id)
SELECT {_EDGE_COLUMNS}, n.depth + 1
FROM nearest n
JOIN edge e ON e.source_id = n.field_id
{_EDGE_JOINS}
WHERE n.depth < :depth
LIMIT :edges
"""


def _edge(row: Sequence[Any]) -> Edge:
    return Edge(
        FieldRef(Dataset(row[0], row[1]), row[2]),
        FieldRef(Dataset(row[3], row[4]), row[5]),
        row[6],
        row[7],
        bool(row[8]),
    )


def _key(edge: Edge, numbers: dict[FieldRef, int]) -> tuple[Any, ...]:
    return (numbers[edge.source], numbers[edge.target], edge.type, edge.subtype, edge.masking)


def _edge_ids(connection: Connection, keys: Sequence[tuple[Any, ...]]) -> list[int]:
    """The numbers of stored edges; found by their source, which each edge set has few of."""
    wanted = set(keys)
    columns = schema.edge.c
    sources = sorted({key[0] for key in keys})
    found = []
    for at in range(0, len(sources), CHUNK):
        statement = select(columns.id, *(columns[name] for name in _EDGE_KEY)).where(
            columns.source_id.in_(sources[at : at + CHUNK])
        )
        found += [row[0] for row in connection.execute(statement) if tuple(row[1:]) in wanted]
    return found


def _number(connection: Connection, field: FieldRef) -> int | None:
    statement = (
        select(schema.field.c.id)
        .join(schema.dataset)
        .where(
            schema.dataset.c.namespace == field.dataset.namespace,
            schema.dataset.c.name == field.dataset.name,
            schema.field.c.path == field.path,
        )
    )
    found = connection.execute(statement).scalar()
    return None if found is None else int(found)
