"""The ways between two fields, as lines for people and in the formats of a view."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import TypeAlias

from guard.lineage.graph import Step, View
from guard.lineage.render import inert
from guard.lineage.svg import svg
from guard.model import Edge, FieldRef

Paths: TypeAlias = Sequence[Sequence[Edge]]
_COLUMNS = (
    "path", "step", "from_namespace", "from_name", "from_field", "to_namespace", "to_name", "to_field",
    "type", "subtype", "masking", "ways",
)  # fmt: skip


def tree(source: FieldRef, target: FieldRef, paths: Paths) -> str:
    """A way after the other; what is only an influence is dotted."""
    lines = [f"{len(paths)} {'way' if len(paths) == 1 else 'ways'} from {_name(source)} to {_name(target)}"]
    for number, path in enumerate(paths, 1):
        lines.append(f"{number}. {_name(source)}")
        for edge in path:
            how = "".join(f", by {way}" for way in edge.how[:3])
            mask = ", masked" if edge.masking else ""
            dash = "─" if edge.type == "DIRECT" else "┄"
            lines.append(f"   {dash} {_name(edge.target)}  {edge.subtype}{mask}{how}")
    return "\n".join(lines) + "\n"


def as_json(source: FieldRef, target: FieldRef, paths: Paths) -> str:
    """One object, version 1."""
    document = {
        "v": 1,
        "from": _parts(source),
        "to": _parts(target),
        "paths": [
            [
                {
                    "from": _parts(edge.source),
                    "to": _parts(edge.target),
                    "type": edge.type,
                    "subtype": edge.subtype,
                    "masking": edge.masking,
                    "ways": list(edge.how),
                }
                for edge in path
            ]
            for path in paths
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def table(source: FieldRef, target: FieldRef, paths: Paths) -> str:  # noqa: ARG001 - one signature for all
    """CSV, an edge a row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for number, path in enumerate(paths, 1):
        for step, edge in enumerate(path, 1):
            ends = (*_parts(edge.source).values(), *_parts(edge.target).values())
            rest = (edge.type, edge.subtype, str(edge.masking).lower(), "; ".join(edge.how))
            writer.writerow([inert(cell) for cell in (str(number), str(step), *ends, *rest)])
    return out.getvalue()


def picture(source: FieldRef, target: FieldRef, paths: Paths) -> str:  # noqa: ARG001 - one signature for all
    """One SVG of all ways."""
    steps: dict[Edge, Step] = {}
    for path in paths:
        for depth, edge in enumerate(path, 1):
            how = "flow" if edge.type == "DIRECT" else "influence"
            steps.setdefault(edge, Step(edge.source, edge.target, edge, depth, how))  # type: ignore[arg-type]  # of two literals
    return svg(View(source, "downstream", tuple(sorted(steps.values(), key=lambda step: step.depth))))


def _name(field: FieldRef) -> str:
    return f"{field.dataset.name}.{field.path}"


def _parts(field: FieldRef) -> dict[str, str]:
    return {"namespace": field.dataset.namespace, "name": field.dataset.name, "field": field.path}


FORMATS: dict[str, Callable[[FieldRef, FieldRef, Paths], str]] = {
    "tree": tree,
    "json": as_json,
    "csv": table,
    "svg": picture,
}
