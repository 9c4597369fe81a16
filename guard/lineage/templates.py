"""Events of jobs that repeat: all but the run is built once.

The same enforced query is asked thousands of times; its datasets, columns and edges are the same each time, and only
the run differs: its id, its time, who asked, and the entry in the audit log.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from guard.lineage.openlineage import Known, run_event, run_facets, run_id
from guard.model import Edge, Job

MAX_TEMPLATES = 1024  # the one used longest ago is forgotten


class Templates:
    """Builds the events of jobs whose edges have a digest. Used by one thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, str], dict[str, str]] = OrderedDict()

    def clear(self) -> None:
        """Forgets all: what is known of datasets changed."""
        self._kept.clear()

    def event(
        self,
        job: Job,
        digest: str,
        edges: Callable[[], Sequence[Edge]],
        known: Callable[[Sequence[Edge]], Known] | None = None,
    ) -> bytes:
        """The event that `run_event` would build; `edges` and `known` are called only for a digest that is not kept."""
        key = (job.kind, job.name, digest)
        members = self._kept.get(key)
        if members is None:
            told = edges()
            document = json.loads(run_event(job, told, time=job.started, known=known(told) if known else None))
            members = {name: _dump(value) for name, value in document.items() if name not in {"eventTime", "run"}}
            self._kept[key] = members
            if len(self._kept) > MAX_TEMPLATES:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        run = {"facets": run_facets(job), "runId": run_id(job)}
        own = {"eventTime": _dump(job.started), "run": _dump(run)}
        text = ",".join(f'"{name}":{value}' for name, value in sorted((members | own).items()))
        return f"{{{text}}}".encode()


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
