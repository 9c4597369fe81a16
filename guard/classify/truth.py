"""A user's own ground truth against guard's labels: precision and recall, kind by kind.

The truth is a CSV with the columns `field` (`table.column`) and `kind`; an empty kind says that the field is of none.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from guard.errors import UsageError
from guard.model import FieldLabel, Value

MAX_BYTES = 16 << 20


class Score(Value, frozen=True):
    """Of one kind: fields that guard found and that are it, that are not, and that it missed."""

    kind: str
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float | None:
        """Of what guard calls so, the share that is; None when it calls nothing so."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        """Of what is so, the share that guard finds; None when nothing is."""
        return self.right / (self.right + self.missed) if self.right + self.missed else None


class Accuracy(Value, frozen=True):
    """Scores by kind, over all sensitive kinds, and what could not be compared."""

    kinds: tuple[Score, ...]
    total: Score
    mistakes: tuple[tuple[str, str, str], ...]  # field, what it is, what guard calls it
    unknown: tuple[str, ...]  # fields of the truth that have no label
    unread: tuple[str, ...]  # fields that guard has not looked at: neither right nor wrong


def read(path: Path) -> dict[str, str]:
    """The kind of each field.

    Raises:
        UsageError: the file cannot be read, or has other columns, or a field twice.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"`{path}` is larger than {MAX_BYTES} bytes", help="score fewer fields at once")
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not {"field", "kind"} <= set(rows.fieldnames or ()):
                raise UsageError(f"`{path}` has no columns `field` and `kind`", help="begin it with `field,kind`")
            found: dict[str, str] = {}
            for row in rows:
                name = (row["field"] or "").strip()
                if not name or name in found:
                    raise UsageError(f"`{path}` line {rows.line_num}: the field is empty or there twice")
                found[name] = (row["kind"] or "").strip()
    except (OSError, UnicodeDecodeError, csv.Error):
        raise UsageError(f"`{path}` cannot be read as CSV", help="check the path; write it in UTF-8") from None
    return found


def score(truth: Mapping[str, str], labels: Mapping[str, FieldLabel | None]) -> Accuracy:
    """Compares; `labels` has the label of each field of the truth, or None."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    mistakes, unknown, unread = [], [], []
    for name, kind in truth.items():
        label = labels.get(name)
        if label is None:
            unknown.append(name)
            continue
        if label.verdict == "not_scanned":
            unread.append(name)
            continue
        said = label.label.kind if label.label is not None and label.verdict == "sensitive" else ""
        if said == kind:
            right[kind] += bool(kind)
            continue
        mistakes.append((name, kind, said))
        missed[kind] += bool(kind)
        wrong[said] += bool(said)
    kinds = sorted((right | wrong | missed).keys() - {""})
    return Accuracy(
        tuple(Score(kind, right[kind], wrong[kind], missed[kind]) for kind in kinds),
        Score("", _sum(right), _sum(wrong), _sum(missed)),
        tuple(sorted(mistakes)),
        tuple(sorted(unknown)),
        tuple(sorted(unread)),
    )


def _sum(counts: Mapping[str, int]) -> int:
    values: Iterable[int] = counts.values()
    return sum(values)
