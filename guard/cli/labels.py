"""One label as people and programs read it, replayed from the record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from guard.cli.formats.json import field_record
from guard.cli.tables import render_table
from guard.cli.terminal import cell

if TYPE_CHECKING:
    from guard.classify.replay import Replay
    from guard.engine import Guard
    from guard.store.catalogue import LabelVersion

VERSION = 1


def told(g: Guard, name: str, language: Literal["en", "zh-Hans", "zh-Hant"], *, as_json: bool) -> str:
    """The label of a field (`table.column`), its evidence, and what would change it.

    Raises:
        NothingScannedError: no field has this name, or it has no label.
        UsageError: several fields have it.
    """
    from guard.classify.replay import replay
    from guard.errors import NothingScannedError

    field = g.lineage.field(name)
    held = [version for version in g.store.catalogue.history(field) if not version.until]
    if not held:
        raise NothingScannedError(f"`{name}` has no label", help="scan its source first")
    version = next((each for each in held if each.origin == "user"), held[0])
    found = replay(version.label, version=g.parts.classifier.version)
    record = {
        "v": VERSION,
        **field_record(version.label, lambda kind: g.kind_name(kind, language)),
        "bits": round(found.bits, 6),
        "adds_up": found.adds_up,
        "rules_version": version.label.rules_version,
        "origin": version.origin,
        "since": version.since,
        "owner": version.owner,
        "set_because": version.reason,
        "turning": list(found.turning),
    }
    if as_json:
        record["evidence"] = [
            {"source": item.source, "detail": item.detail, "weight": item.weight} for item in version.label.evidence
        ]
        return json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    return _text(version, found, str(record.get("kind_name", "")))


def _text(version: LabelVersion, found: Replay, kind_name: str) -> str:
    label = version.label
    what = label.verdict.replace("_", " ")
    if label.label:
        what = f"{what}: {kind_name} ({label.label.kind}), level {label.label.level}, {label.label.state}"
    lines = [cell(f"{label.field.dataset.name}.{label.field.path}"), f"  {what}"]
    lines.append(f"  looked at {label.looked_at} values, {label.nulls} empty, {label.distinct} distinct")
    if version.origin == "user":
        lines.append(cell(f"  set by hand by {version.owner}: {version.reason}"))
    rows = [(f"{item.weight:+.2f}", item.source, item.detail) for item in label.evidence]
    if rows:
        equal = "" if found.adds_up else "  (the record says otherwise: it was changed)"
        total = f"{found.bits:+.2f} bits = probability {found.score:.4f}{equal}"
        lines += ["", render_table(("bits", "from", "evidence"), rows).rstrip(), f"sum: {total}"]
    if label.others:
        lines.append("also: " + ", ".join(f"{kind} {likely:.2f}" for kind, likely in label.others))
    lines += ["", "what would change it:", *(f"  - {cell(one)}" for one in found.turning)]
    lines += ["", f"rules {label.rules_version or '(none)'}, known since {version.since}"]
    return "\n".join(lines) + "\n"
