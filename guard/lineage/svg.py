"""A lineage view as a picture: tables as boxes in columns by distance, their fields as lines; one SVG, no script."""

from __future__ import annotations

from collections import defaultdict
from xml.sax.saxutils import escape

from guard.lineage.graph import WHOLE, View
from guard.model import Dataset, FieldRef

MAX_BOXES = 300  # more is no picture; the answer says so
_WIDTH, _GAP, _LINE, _HEAD, _SPACE = 260, 120, 18, 24, 20  # pixels
_MAX_TEXT = 34  # characters of a name
_STYLE = (
    "text{font:12px sans-serif;fill:#1c2430}.t{font-weight:600}rect{fill:#f7f8fa;stroke:#9aa4b2}"
    ".s rect{stroke:#1f6feb;stroke-width:2}path{fill:none;stroke:#5b6675}.i{stroke-dasharray:3 3;stroke:#b07d2b}"
)


def svg(view: View) -> str:
    """The view as one SVG document. Dotted lines are influences, which bring no value; names are escaped and cut."""
    depth: dict[Dataset, int] = {view.start.dataset: 0}
    fields: dict[Dataset, dict[str, None]] = defaultdict(dict)
    fields[view.start.dataset][view.start.path] = None
    for step in view.steps:
        depth.setdefault(step.far.dataset, step.depth)
        for end in (step.edge.source, step.edge.target):
            depth.setdefault(end.dataset, step.depth)
            fields[end.dataset][end.path] = None
    shown = set(list(depth)[:MAX_BOXES])
    cut = view.cut or len(depth) > len(shown)
    columns: dict[int, list[Dataset]] = defaultdict(list)
    for dataset in depth:
        if dataset in shown:
            columns[depth[dataset]].append(dataset)
    last = max(columns)
    places: dict[FieldRef, tuple[int, int]] = {}
    boxes: list[str] = []
    height = 0
    for level, datasets in columns.items():
        x = _SPACE + (last - level if view.direction == "upstream" else level) * (_WIDTH + _GAP)
        y = _SPACE
        for dataset in datasets:
            names = sorted(fields[dataset])
            tall = _HEAD + _LINE * len(names) + 6
            mine = " s" if dataset == view.start.dataset else ""
            boxes.append(f'<g class="b{mine}"><rect x="{x}" y="{y}" width="{_WIDTH}" height="{tall}" rx="4"/>')
            boxes.append(f"<title>{_text(dataset.namespace)} {_text(dataset.name)}</title>")
            boxes.append(f'<text class="t" x="{x + 8}" y="{y + 16}">{_text(dataset.name, cut=True)}</text>')
            for at, name in enumerate(names):
                line = y + _HEAD + _LINE * at
                places[FieldRef(dataset, name)] = (x, line + _LINE // 2)
                label = "all columns" if name == WHOLE else name
                boxes.append(f'<text x="{x + 16}" y="{line + 13}">{_text(label, cut=True)}</text>')
            boxes.append("</g>")
            y += tall + _SPACE
        height = max(height, y)
    lines = []
    for edge in dict.fromkeys(step.edge for step in view.steps):
        if edge.source in places and edge.target in places:
            (x1, y1), (x2, y2) = places[edge.source], places[edge.target]
            x1 += _WIDTH
            middle = (x1 + x2) // 2
            kind = ' class="i"' if edge.type == "INDIRECT" else ""
            lines.append(
                f'<path{kind} d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"><title>{edge.subtype}</title></path>'
            )
    note = f'<text x="{_SPACE}" y="{height + 4}">more follows: raise the depth or the limit</text>' if cut else ""
    width = _SPACE * 2 + (last + 1) * _WIDTH + last * _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + _SPACE}" width="{width}" '
        f'height="{height + _SPACE}" role="img"><title>{_text(_whole_name(view.start))}, {view.direction}</title>'
        f"<style>{_STYLE}</style>{''.join(lines)}{''.join(boxes)}{note}</svg>\n"
    )


def _whole_name(field: FieldRef) -> str:
    return f"{field.dataset.name}.{field.path}"


def _text(name: str, *, cut: bool = False) -> str:
    """A name that XML can hold: no control characters, no markup."""
    plain = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    if cut and len(plain) > _MAX_TEXT:
        plain = f"{plain[: _MAX_TEXT - 1]}…"
    return escape(plain, {'"': "&quot;"})
