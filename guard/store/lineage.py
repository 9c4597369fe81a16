"""Jobs and the column graph. An edge is stored once; a job refers to its set of edges by digest.

A path of `*` in an INDIRECT edge stands for every output of its dataset. The ways of an edge (`Edge.how`) belong to the
set: an answer over several sets has all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import func, select, text, update

from guard.errors import UsageError
from guard.model import Dataset, Edge, FieldRef, Job, JobKind, Value
from guard.store import schema
from guard.store.clock import moment, written
from guard.store.names import CHUNK, Names, insert_new
from guard.store.walk import EDGE, ENDS, MAX_EDGES, Direction, walk

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from guard.store.store import Store

MAX_DEPTH = 1_000  # edges in a row
MAX_HOW = 4_000  # characters of the ways of an edge; beyond them only that there are ways is kept
LOST = "..."  # such ways: no rule knows them, so labels stay as they are
PROJECTION = "lineage"


class Hop(Value, frozen=True):
    """An edge of an answer and how far it is from the field that was asked about; 1 is next to it."""

    edge: Edge
    depth: int


class Use(Value, frozen=True):
    """What jobs of one kind did with one set of edges for one subject, purpose and place."""

    kind: str
    digest: str
    subject: str
    purpose: str
    place: tuple[tuple[str, str], ...]
    first: str  # RFC 3339
    last: str
    count: int
    entry: int | None  # of the last one in the audit log


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

    def upstream(self, field: FieldRef, depth: int = MAX_DEPTH, *, at: datetime | None = None) -> tuple[Hop, ...]:
        """The edges that lead to a field, nearest first; edges that touch every output of its dataset included.

        With `at` as they were known at that moment.

        Raises:
            UsageError: more than `MAX_EDGES` lie there; never a part of them instead.
        """
        return self._walk("upstream", field, depth, at)

    def downstream(self, field: FieldRef, depth: int = MAX_DEPTH, *, at: datetime | None = None) -> tuple[Hop, ...]:
        """The edges that start at a field, nearest first.

        Raises:
            UsageError: more than `MAX_EDGES` lie there; never a part of them instead.
        """
        return self._walk("downstream", field, depth, at)

    def as_of(self, time: datetime) -> tuple[Edge, ...]:
        """The graph as it was known at a moment: every edge stored until then, sorted.

        Edges are only ever added, so that the past can be asked at any time.

        Raises:
            UsageError: more than `MAX_EDGES`.
        """
        found: dict[Edge, set[str]] = {}
        for edge in self.stream(time):
            found.setdefault(msgspec.structs.replace(edge, how=()), set()).update(_said(edge))
            if len(found) > MAX_EDGES:
                msg = f"the graph has more than {MAX_EDGES} edges"
                raise UsageError(msg, help="ask `upstream` or `downstream` of a field")
        return tuple(sorted(_with(edge, how) for edge, how in found.items()))

    def stream(self, at: datetime | None = None) -> Iterator[Edge]:
        """Every edge, now or as known at a moment; an edge of several sets may come with each way."""
        statement = f"SELECT DISTINCT {EDGE}, x.how FROM edge_set_edge x JOIN edge e ON e.id = x.edge_id {ENDS}"
        bound = {}
        if at is not None:
            statement += " JOIN edge_set s ON s.digest = x.digest AND s.kept <= :time"
            bound["time"] = written(at)
        with self._store.read() as connection:
            for row in connection.execution_options(yield_per=10_000).execute(text(statement), bound):
                yield _edge(row, row[9])

    def edges(self, digest: str) -> tuple[Edge, ...]:
        """The edges of a set, sorted."""
        statement = text(
            f"SELECT {EDGE}, x.how FROM edge_set_edge x JOIN edge e ON e.id = x.edge_id {ENDS} WHERE x.digest = :digest"
        )
        with self._store.read() as connection:
            return tuple(sorted(_edge(row, row[9]) for row in connection.execute(statement, {"digest": digest})))

    def sets(self, since: str = "") -> tuple[tuple[str, str], ...]:
        """The digests of the sets kept since a moment (RFC 3339), each with its moment, the oldest first."""
        columns = schema.edge_set.c
        statement = select(columns.digest, columns.kept).where(columns.kept >= since)
        with self._store.read() as connection:
            rows = connection.execute(statement.order_by(columns.kept, columns.digest))
            return tuple((row[0], row[1]) for row in rows)

    def into(self, datasets: Iterable[Dataset]) -> frozenset[Dataset]:
        """Those of the datasets into which an edge leads."""
        statement = text(
            "SELECT 1 FROM edge e JOIN field f ON f.id = e.target_id JOIN dataset d ON d.id = f.dataset_id "
            "WHERE d.namespace = :namespace AND d.name = :name LIMIT 1"
        )
        with self._store.read() as connection:
            return frozenset(
                one
                for one in dict.fromkeys(datasets)
                if connection.execute(statement, {"namespace": one.namespace, "name": one.name}).scalar()
            )

    def jobs(
        self,
        *,
        kind: JobKind | None = None,
        subject: str | None = None,
        field: FieldRef | None = None,
        at: datetime | None = None,
        limit: int = 100,
    ) -> tuple[Job, ...]:
        """Jobs, the newest first; `field` keeps those with an edge from or to it, `at` those until that moment."""
        columns = schema.job.c
        statement = select(
            columns.id,
            columns.kind,
            columns.name,
            columns.started,
            columns.subject,
            columns.purpose,
            columns.entry,
            columns.place,
        ).order_by(columns.started.desc(), columns.id)
        if kind is not None:
            statement = statement.where(columns.kind == kind)
        if subject is not None:
            statement = statement.where(columns.subject == subject)
        if at is not None:
            statement = statement.where(columns.started <= written(at))
        with self._store.read() as connection:
            if field is not None:
                number = _number(connection, field)
                touching = select(schema.edge_set_edge.c.digest).join(schema.edge)
                ends = (schema.edge.c.source_id == number) | (schema.edge.c.target_id == number)
                statement = statement.where(columns.digest.in_(touching.where(ends)))
            return tuple(_job(row) for row in connection.execute(statement.limit(limit)))

    def uses(self, *, since: str = "", until: str = "", limit: int = MAX_EDGES) -> tuple[Use, ...]:
        """What jobs did with edges, grouped; times are RFC 3339, `since` inclusive, `until` exclusive."""
        columns = schema.job.c
        groups = (columns.kind, columns.digest, columns.subject, columns.purpose, columns.place)
        last = (func.min(columns.started), func.max(columns.started), func.count(), func.max(columns.entry))
        statement = select(*groups, *last).where(columns.digest.is_not(None), columns.started >= since)
        if until:
            statement = statement.where(columns.started < until)
        statement = statement.group_by(*groups).order_by(func.max(columns.started).desc(), *groups).limit(limit)
        with self._store.read() as connection:
            return tuple(_use(row) for row in connection.execute(statement))

    def readers(self, datasets: Iterable[Dataset], *, limit: int) -> tuple[tuple[Job, frozenset[str]], ...]:
        """The jobs that read one of the datasets, the newest first, with the kinds that each is indexed by."""
        columns = schema.job.c
        with self._store.read() as connection:
            numbers = list(self._names.datasets(connection, set(datasets) & self._known(connection)).values())
            found: dict[str, tuple[Job, frozenset[str]]] = {}
            for at in range(0, len(numbers), CHUNK):
                reading = (
                    select(schema.edge_set_edge.c.digest)
                    .select_from(
                        schema.edge_set_edge.join(schema.edge).join(
                            schema.field, schema.field.c.id == schema.edge.c.source_id
                        )
                    )
                    .where(schema.field.c.dataset_id.in_(numbers[at : at + CHUNK]))
                )
                statement = (
                    select(*(columns[name] for name in _JOB), columns.indexed)
                    .where(columns.digest.in_(reading))
                    .order_by(columns.started.desc(), columns.id)
                    .limit(limit)
                )
                for row in connection.execute(statement):
                    found[row[0]] = (_job(row), frozenset(row[-1].split("\n")) - {""})
        return tuple(sorted(found.values(), key=lambda one: one[0].started, reverse=True)[:limit])

    def named(self, jobs: Iterable[str]) -> tuple[Job, ...]:
        """The jobs of these ids, the newest first."""
        columns = schema.job.c
        wanted = sorted(set(jobs))
        found = []
        with self._store.read() as connection:
            for at in range(0, len(wanted), CHUNK):
                statement = select(*(columns[name] for name in _JOB)).where(columns.id.in_(wanted[at : at + CHUNK]))
                found += [_job(row) for row in connection.execute(statement)]
        return tuple(sorted(found, key=lambda job: job.started, reverse=True))

    def _known(self, connection: Connection) -> set[Dataset]:
        rows = connection.execute(select(schema.dataset.c.namespace, schema.dataset.c.name))
        return {Dataset(row[0], row[1]) for row in rows}

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
        rows: dict[tuple[Any, ...], set[str]] = {}
        for edge in edges:
            rows.setdefault(_key(edge, numbers), set()).update(_said(edge))
        insert_new(connection, schema.edge, [dict(zip(_EDGE_KEY, key, strict=True)) for key in rows])
        ids = _edge_ids(connection, list(rows))
        insert_new(connection, schema.edge_set, [{"digest": digest, "kept": moment(self._store.clock)}])
        insert_new(
            connection,
            schema.edge_set_edge,
            [{"digest": digest, "edge_id": ids[key], "how": _written(how)} for key, how in rows.items()],
        )

    def _add_jobs(self, connection: Connection, jobs: Sequence[tuple[Job, str]]) -> None:
        rows = [
            msgspec.structs.asdict(job)
            | {"digest": digest or None, "place": json.dumps(job.place) if job.place else ""}
            for job, digest in jobs
        ]
        insert_new(connection, schema.job, rows)

    def _move(self, connection: Connection, position: int) -> None:
        table = schema.projection
        insert_new(connection, table, [{"name": PROJECTION, "position": 0}])
        connection.execute(
            update(table).where(table.c.name == PROJECTION, table.c.position < position).values(position=position)
        )

    def _walk(self, direction: Direction, field: FieldRef, depth: int, at: datetime | None) -> tuple[Hop, ...]:
        time = None if at is None else written(at)
        with self._store.read() as connection:
            number = _number(connection, field)
            if number is None:
                return ()
            found = walk(connection, number, direction, depth=min(depth, MAX_DEPTH), time=time)
            hows = _hows(connection, set(found), at)
        hops = [(far, _with(_edge(row), hows.get(one, set()))) for one, (row, far) in found.items()]
        return tuple(Hop(edge, far) for far, edge in sorted(hops))


_EDGE_KEY = ("source_id", "target_id", "type", "subtype", "masking")
_JOB = ("id", "kind", "name", "started", "subject", "purpose", "entry", "place")


def _edge(row: Sequence[Any], how: str = "") -> Edge:
    return Edge(
        FieldRef(Dataset(row[0], row[1]), row[2]),
        FieldRef(Dataset(row[3], row[4]), row[5]),
        row[6],
        row[7],
        bool(row[8]),
        tuple(how.split("\n")) if how else (),
    )


def _with(edge: Edge, how: set[str]) -> Edge:
    """The edge with the ways of all sets that hold it."""
    if how <= {_SILENT}:
        return edge
    return msgspec.structs.replace(edge, how=tuple(sorted("~" if way == _SILENT else way for way in how)))


_SILENT = ""  # of a set that does not say how


def _said(edge: Edge) -> set[str]:
    return set(edge.how) or {_SILENT}


def _written(how: set[str]) -> str:
    """The ways a line each; one that does not say how is one without a name, beside others."""
    if how <= {_SILENT}:
        return ""
    lines = "\n".join(sorted("~" if way == _SILENT else way for way in how))
    return lines if len(lines) <= MAX_HOW else LOST


def _hows(connection: Connection, ids: set[int], at: datetime | None) -> dict[int, set[str]]:
    """The ways of edges over all sets, or those kept until a moment."""
    columns = schema.edge_set_edge.c
    found: dict[int, set[str]] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), CHUNK):
        statement = (
            select(columns.edge_id, columns.how).distinct().where(columns.edge_id.in_(wanted[start : start + CHUNK]))
        )
        if at is not None:
            statement = statement.join(schema.edge_set).where(schema.edge_set.c.kept <= written(at))
        for number, how in connection.execute(statement):
            found.setdefault(number, set()).update(how.split("\n"))
    return found


def _use(row: Sequence[Any]) -> Use:
    kind, digest, subject, purpose, place, first, last, count, entry = row
    return Use(kind, digest, subject, purpose, _place(place), first, last, count, entry)


def _job(row: Sequence[Any]) -> Job:
    job, kind, name, started, subject, purpose, entry, place = row[:8]
    return Job(job, kind, name, started, subject, purpose, entry, _place(place))


def _place(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in json.loads(text)) if text else ()


def _key(edge: Edge, numbers: dict[FieldRef, int]) -> tuple[Any, ...]:
    return (numbers[edge.source], numbers[edge.target], edge.type, edge.subtype, edge.masking)


def _edge_ids(connection: Connection, keys: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    """The numbers of stored edges; found by their source, which each edge set has few of."""
    wanted = set(keys)
    columns = schema.edge.c
    sources = sorted({key[0] for key in keys})
    found: dict[tuple[Any, ...], int] = {}
    for at in range(0, len(sources), CHUNK):
        statement = select(columns.id, *(columns[name] for name in _EDGE_KEY)).where(
            columns.source_id.in_(sources[at : at + CHUNK])
        )
        for row in connection.execute(statement):
            key = (row[1], row[2], row[3], row[4], bool(row[5]))
            if key in wanted:
                found[key] = row[0]
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
