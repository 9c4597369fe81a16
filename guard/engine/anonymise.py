"""Anonymise runs on record: frames and files, with the lineage that they leave."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from guard.audit import timestamp
from guard.engine.keyring import key_use
from guard.engine.leave import Trail, leave
from guard.engine.ports import ports_of
from guard.engine.project import Done
from guard.engine.record import entry_of
from guard.engine.release import FRAMES, edges_of_plan, file
from guard.model import Dataset, Job
from guard.store.lineage import digest_of

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.files import Progress
    from guard.anonymize.plan import Plan
    from guard.engine.components import Components

UNNAMED = "table"  # a frame that the caller did not name


@dataclass(frozen=True, slots=True)
class FileJob:
    """What is written from what, by which plan."""

    source: Path
    target: Path
    plan: Plan
    delimiter: str = ","
    resume: bool = False


def anonymize_table(
    parts: Components, table: object, plan: Plan, *, name: str | None, operator: str, time: str
) -> pa.Table:
    """Applies a plan to a table; recorded before the result is handed out.

    Raises:
        PlanError: the plan does not fit the table.
        TransformError: a transform cannot be applied to a column.
    """
    from guard.anonymize.apply import apply
    from guard.sources.arrow import to_arrow

    arrow = to_arrow(table)
    result = apply(arrow, plan, parts.keys, ports=ports_of(parts))
    came = Dataset(FRAMES, name or UNNAMED)
    went = Dataset(FRAMES, f"{came.name}.anonymised")
    trail = Trail(
        "anonymize",
        name=went.name,
        purpose=plan.purpose,
        edges=edges_of_plan(plan, came, went, arrow.column_names),
        body={"rows": arrow.num_rows, "fields": plan.summary(), **key_use(plan, parts.keys)},
        place=parts.places.of(went),
    )
    leave(parts, trail, operator=operator, time=time)
    return result


def anonymize_file(
    parts: Components,
    run: FileJob,
    *,
    operator: str,
    time: str,
    progress: Callable[[Progress], None] | None,
) -> int:
    """Writes the target, which appears whole and after its record, or not at all; gives the number of rows.

    Raises:
        PlanError, TransformError, SourceError: the plan does not fit, or the file cannot be read or written.
    """
    from guard.anonymize import files
    from guard.anonymize.file_formats import CsvOptions

    edges = edges_of_plan(run.plan, file(run.source), file(run.target))
    digest = digest_of(edges)
    parts.store.lineage.keep(digest, edges)
    index: list[int] = []
    person = parts.people.of(operator)

    def before_publish(rows: int) -> None:
        body = {
            "job": job_id,
            "purpose": run.plan.purpose,
            "rows": rows,
            "source": str(run.source),
            "target": str(run.target),
            "fields": run.plan.summary(),
            "edges": digest,
            **key_use(run.plan, parts.keys),
        }
        index.append(parts.log.append(entry_of("anonymize", person, time=timestamp(parts.clock()), body=body)))

    job_id = f"a-{secrets.token_hex(10)}"
    rows = files.anonymize_file(
        run.source,
        run.target,
        run.plan,
        parts.keys,
        csv=CsvOptions(delimiter=run.delimiter),
        ports=ports_of(parts),
        resume=run.resume,
        progress=progress,
        before_publish=before_publish,
    )
    job = Job(
        id=job_id,
        kind="anonymize",
        name=str(run.target),
        started=time,
        subject=person.pseudonym,
        purpose=run.plan.purpose,
        entry=index[0],
        place=parts.places.of(file(run.target)),
    )
    parts.projector.put(Done(job=job, edges=edges, digest=digest, rows=rows))
    return rows
