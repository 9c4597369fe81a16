"""A lineage view as a tree for people, as JSON and as CSV for programs and auditors."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable

import msgspec

from guard.lineage.graph import WHOLE, Step, View
from guard.model import Edge, FieldRef

MAX_WAYS = 3  # of an edge, told to people; JSON has all
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a cell that begins so
_COLUMNS = (
    "from_namespace", "from_name", "from_field", "to_namespace", "to_name", "to_field",
    "type", "subtype", "masking", "how", "depth",
)  # fmt: skip


def tree(view: View) -> str:
    """The view as indented lines; dotted branches are influences, which bring no value."""
    home = view.start.dataset.namespace
    lines = [_name(view.start, home)]
    branches: dict[FieldRef, dict[Edge, Step]] = defaultdict(dict)  # a field that was walked twice is told once
    for step in view.steps:
        branches[step.near].setdefault(step.edge, step)
    told = {view.start}
    stack = _branches(branches[view.start], "")
    while stack:
        step, indent, last = stack.pop()
        dash = "─" if step.edge.type == "DIRECT" else "┄"
        seen = step.far in told and bool(branches[step.far])
        lines.append(f"{indent}{'└' if last else '├'}{dash} {_line(step, home)}{', see above' if seen else ''}")
        if not seen:
            told.add(step.far)
            stack += _branches(branches[step.far], indent + ("   " if last else "│  "))
    if len(lines) == 1:
        lines.append(f"└─ nothing known {view.direction}")
    if view.cut:
        lines.append("… more follows: raise the depth or the limit")
    return "\n".join(lines) + "\n"


def _branches(steps: dict[Edge, Step], indent: str) -> list[tuple[Step, str, bool]]:
    """A field's branches, the first on top of the stack."""
    rows = list(steps.values())
    return [(step, indent, step is rows[-1]) for step in reversed(rows)]


def _line(step: Step, home: str) -> str:
    notes: list[str] = [step.edge.subtype]
    if step.edge.masking:
        notes.append("masked")
    notes += [f"by {way}" for way in step.edge.how[:MAX_WAYS]]
    if step.edge.target.path == WHOLE:
        notes.append("all columns")
    return f"{_name(step.far, home)}  {', '.join(notes)}"


def _name(field: FieldRef, home: str) -> str:
    """For people only; programs get the three parts apart."""
    name = f"{field.dataset.name}.{field.path}"
    return name if field.dataset.namespace == home else f"{name} [{field.dataset.namespace}]"


def json(view: View) -> bytes:
    """The view as one JSON object, version 1."""
    document = {
        "v": 1,
        "start": _field(view.start),
        "direction": view.direction,
        "cut": view.cut,
        "steps": [
            {
                "from": _field(step.edge.source),
                "to": _field(step.edge.target),
                "type": step.edge.type,
                "subtype": step.edge.subtype,
                "masking": step.edge.masking,
                "how": step.how,
                "ways": list(step.edge.how),
                "depth": step.depth,
            }
            for step in view.steps
        ],
    }
    return msgspec.json.encode(document)


def _field(field: FieldRef) -> dict[str, str]:
    return {"namespace": field.dataset.namespace, "name": field.dataset.name, "field": field.path}


def table(view: View) -> str:
    """The view as CSV, an edge a row. A name that a spreadsheet would run as a formula is led by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for step in view.steps:
        ends = [part for end in (step.edge.source, step.edge.target) for part in _field(end).values()]
        rest = (step.edge.type, step.edge.subtype, str(step.edge.masking).lower(), step.how, str(step.depth))
        writer.writerow([inert(cell) for cell in (*ends, *rest)])
    return out.getvalue()


def inert(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


FORMATS: dict[str, Callable[[View], str]] = {
    "tree": tree,
    "json": lambda view: json(view).decode(),
    "csv": table,
}
