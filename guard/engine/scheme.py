"""What a scheme says of what guard knows: labels of the catalogue or of one scan, with the rows of their tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from guard.classify import scheme_report as reports
from guard.classify import schemes
from guard.errors import NothingScannedError

if TYPE_CHECKING:
    from guard.engine.components import Components
    from guard.model import FieldLabel, ScanReport


def scheme_report(
    parts: Components,
    scheme: str,
    *,
    as_of: dt.date,
    scan: ScanReport | None = None,
    labels: Sequence[FieldLabel] | None = None,
) -> reports.SchemeReport:
    """Judges these labels, those of a scan, or all of the catalogue.

    Raises:
        UsageError: no such scheme.
        NothingScannedError: no field is known.
    """
    taxonomy = parts.classifier.taxonomy
    known = schemes.load(parts.rules / "schemes", taxonomy.kinds)
    if labels is not None:
        return reports.report(known, taxonomy, labels, {}, scheme=scheme, as_of=as_of)
    found = scan.fields if scan is not None else parts.store.catalogue.everything()
    if not found:
        raise NothingScannedError("no field is known", help="scan a source first")
    return reports.report(known, taxonomy, found, _rows(parts, scan), scheme=scheme, as_of=as_of)


def _rows(parts: Components, scan: ScanReport | None) -> dict[str, int | None]:
    """The rows of each dataset, by the last scan that counted them."""
    found: dict[str, int | None] = {}
    for report in [scan] if scan is not None else parts.store.scans.reports():
        found.update(report.counted)
    return found
