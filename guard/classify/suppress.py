"""Suppressions and baselines: which findings somebody accepted, for how long, and which were known before.

A suppression names a rule (a kind), a target, a reason, an owner and its last day. After that day it suppresses nothing
and is a finding itself. A baseline is the fingerprints of the findings of one scan; neither holds a value of the data.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import msgspec

from guard.classify import rulefile
from guard.errors import ConfigError, UsageError
from guard.model import FieldLabel, Value

ANY = "*"
VERSION = 1
LARGEST = 64 << 20  # bytes of a baseline


class Suppression(Value, frozen=True):
    """An accepted finding: `rule` is a kind or `*`, `target` a glob over `table.field`, `expires` the last day."""

    rule: str
    target: str
    reason: str
    owner: str
    expires: str

    def covers(self, label: FieldLabel, place: str) -> bool:
        """True when the finding is of this rule, and its place, or the end of it, is the target."""
        if label.label is None or self.rule not in (ANY, label.label.kind):
            return False
        return any(fnmatchcase(part, self.target) for part in _ends(place))

    def expired(self, day: dt.date) -> bool:
        """True after its last day."""
        return dt.date.fromisoformat(self.expires) < day


class _File(Value, frozen=True):
    suppressions: tuple[Suppression, ...]


class Known(Value, frozen=True):
    """One finding of a baseline."""

    fingerprint: str
    kind: str
    field: str


class Baseline(Value, frozen=True):
    """The findings of one scan; `made` is RFC 3339."""

    v: int
    source: str
    made: str
    findings: tuple[Known, ...]


class Gate(Value, frozen=True):
    """What was accepted or known of a report's findings.

    Attributes:
        suppressed: by fingerprint, what suppresses a finding.
        expired: suppressions after their last day, each a finding.
        unused: suppressions that no finding needs.
        known: fingerprints of findings that the baseline has; None without a baseline.
        absent: what the baseline has and the report has not.
    """

    suppressed: Mapping[str, Suppression] = {}
    expired: tuple[Suppression, ...] = ()
    unused: tuple[Suppression, ...] = ()
    known: frozenset[str] | None = None
    absent: tuple[Known, ...] = ()

    def state(self, label: FieldLabel) -> Literal["", "new", "unchanged"]:
        """Whether the baseline has the finding; empty without a baseline."""
        if self.known is None:
            return ""
        return "unchanged" if fingerprint(label) in self.known else "new"

    def suppression(self, label: FieldLabel) -> Suppression | None:
        """What suppresses the finding."""
        return self.suppressed.get(fingerprint(label))

    def counts(self, label: FieldLabel) -> bool:
        """True for a finding that nobody accepted and that was not known before."""
        return label.label is not None and self.suppression(label) is None and self.state(label) != "unchanged"


def place(label: FieldLabel) -> str:
    """`table.field`; files below the working folder by their path from it, so that machines agree."""
    return f"{_from_here(label.field.dataset.name)}.{label.field.path}"


def fingerprint(label: FieldLabel) -> str:
    """The same for the same kind in the same field, on every machine that has the source under the same name."""
    kind = label.label.kind if label.label else ""
    text = f"{kind}\n{_from_here(label.field.dataset.namespace)}\n{place(label)}"
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def load(path: Path, kinds: Collection[str]) -> tuple[Suppression, ...]:
    """The suppressions of a file; none when it is not there.

    Raises:
        ConfigError: it does not fit: a part is missing or empty, the rule is no kind, the day is no day.
    """
    if not path.exists():
        return ()
    found = rulefile.read(path, _File).suppressions
    for each in found:
        where = f"`{path}` suppression of `{each.rule}` for `{each.target}`"
        if each.rule != ANY and each.rule not in kinds:
            raise ConfigError(f"{where}: the rule is not a kind", help="name a kind of docs/reference/kinds.md, or `*`")
        if not all(text.strip() for text in (each.target, each.reason, each.owner)):
            raise ConfigError(f"{where}: target, reason or owner is empty", help="say who accepted it, and why")
        try:
            dt.date.fromisoformat(each.expires)
        except ValueError:
            raise ConfigError(f"{where}: `expires` is not a day", help="write it as 2027-01-31") from None
    return found


def gate(
    labels: Iterable[FieldLabel], suppressions: Iterable[Suppression], *, day: dt.date, baseline: Baseline | None = None
) -> Gate:
    """What of the findings among `labels` is accepted on a day, and what the baseline had."""
    findings = [label for label in labels if label.verdict == "sensitive"]
    suppressions = tuple(suppressions)
    holding = [each for each in suppressions if not each.expired(day)]
    suppressed: dict[str, Suppression] = {}
    used: set[Suppression] = set()
    for label in findings:
        here = place(label)
        for each in holding:
            if each.covers(label, here):
                suppressed.setdefault(fingerprint(label), each)
                used.add(each)
    now = {fingerprint(label) for label in findings}
    known = None if baseline is None else frozenset(each.fingerprint for each in baseline.findings)
    absent = () if baseline is None else tuple(each for each in baseline.findings if each.fingerprint not in now)
    return Gate(
        suppressed,
        tuple(each for each in suppressions if each.expired(day)),
        tuple(each for each in holding if each not in used),
        known,
        absent,
    )


def baseline_of(labels: Iterable[FieldLabel], *, source: str, made: str) -> Baseline:
    """The baseline of a report's findings, in order."""
    found = [
        Known(fingerprint(label), label.label.kind, place(label))
        for label in labels
        if label.verdict == "sensitive" and label.label
    ]
    return Baseline(VERSION, source, made, tuple(sorted(found, key=lambda each: (each.field, each.kind))))


def written(baseline: Baseline) -> str:
    """A baseline as its file, a line a finding, so that changes can be reviewed."""
    return msgspec.json.format(msgspec.json.encode(baseline), indent=1).decode() + "\n"


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file.

    Raises:
        UsageError: it is not there, or is no baseline of this version.
    """
    try:
        raw = path.read_bytes() if path.stat().st_size <= LARGEST else b""
        found = msgspec.json.decode(raw, type=Baseline)
    except OSError:
        raise UsageError(f"the baseline `{path}` cannot be read", help="make it with `guard baseline`") from None
    except msgspec.DecodeError:
        raise UsageError(f"`{path}` is not a baseline", help="make it with `guard baseline`") from None
    if found.v != VERSION:
        raise UsageError(f"`{path}` is a baseline of another version", help="make it anew with `guard baseline`")
    return found


def _ends(place: str) -> Iterable[str]:
    """The place, and what is left of it after each folder or schema."""
    yield place
    for index, char in enumerate(place):
        if char in "/.":
            yield place[index + 1 :]


def _from_here(name: str) -> str:
    here = os.getcwd()  # noqa: PTH109 - asked for each finding of large catalogues, and a Path costs ten times as much
    return name.replace(f"{here}/", "") if here != "/" else name
